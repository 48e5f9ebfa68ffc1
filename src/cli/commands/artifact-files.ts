// SPDX-License-Identifier: MIT
import { parseArtifactFile } from "../../convert/artifact/artifact-files.ts";
import { pullArtifact } from "../../convert/artifact/pull-artifact.ts";
import {
  attachArtifact,
  pushArtifact,
  type PushArtifactOptions,
  type PushedArtifact,
} from "../../convert/artifact/push-artifact.ts";
import type { WrittenTo } from "../../image/by-reference/with-reference.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Outcome, Session } from "../command.ts";
import { DONE } from "../exit-status.ts";
import { parseConfigured } from "../input/configured.ts";
import { namedValues } from "../input/values/named-values.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { parseTarget } from "../input/target.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { table } from "../../report/text/format.ts";
import { targetName } from "../output/transfer-text.ts";

export interface PushArtifactFlags extends Omit<ReferenceFlags, "platform"> {
  readonly type: string;
  readonly annotation?: readonly string[];
}

export type PullFlags = Omit<ReferenceFlags, "platform" | "dryRun">;

/** Runs `oci-kit artifact push`. */
export async function push(
  target: string,
  files: readonly string[],
  flags: PushArtifactFlags,
  session: Session,
): Promise<Outcome> {
  const options = await optionsOf(flags, session);
  const to = await parseTarget(target, options.dryRun, session);
  const pushed = await pushArtifact(to.location, files.map(parseArtifactFile), options);
  return { ...pushedOutcome(pushed, options), tookStdout: to.isStdout };
}

/** Runs `oci-kit artifact attach`. */
export async function attach(
  subject: string,
  files: readonly string[],
  flags: PushArtifactFlags,
  session: Session,
): Promise<Outcome> {
  const options = await optionsOf(flags, session);
  const location = await parseConfigured(subject, session.context);
  const attached = await attachArtifact(location, files.map(parseArtifactFile), options);
  return pushedOutcome(attached, options);
}

/** Runs `oci-kit artifact pull`. */
export async function pull(
  source: string,
  directory: string,
  flags: PullFlags,
  session: Session,
): Promise<Outcome> {
  const options = await referenceOptions(flags, session);
  const pulled = await pullArtifact(
    await parseConfigured(source, session.context),
    directory,
    options,
  );
  const { descriptor, artifactType, files, skipped } = pulled;
  return {
    status: DONE,
    document: {
      ...{ directory, digest: descriptor.digest, type: artifactType },
      files: files.map(({ descriptor: file, ...rest }) => ({ ...rest, ...bare(file) })),
      skipped,
    },
    lines: [
      `${directory}: ${artifactType ?? "artifact"} ${descriptor.digest}`,
      ...table(
        files.map(({ title, unpacked, descriptor: { size } }) => [
          `  ${title}${unpacked ? "/" : ""}`,
          formatBytes(size),
        ]),
      ),
    ],
    notices: skipped.map(
      ({ digest, mediaType }) => `left out ${digest} (${mediaType}): it has no title`,
    ),
  };
}

async function optionsOf(
  { type, annotation, ...flags }: PushArtifactFlags,
  session: Session,
): Promise<PushArtifactOptions & { readonly dryRun: boolean }> {
  return {
    ...(await referenceOptions(flags, session)),
    artifactType: type,
    annotations: namedValues("--annotation", annotation),
    onSkipped: ({ path, reason }) => session.warn(`left out ${path}: ${reason}`),
  };
}

function pushedOutcome(
  pushed: PushedArtifact & WrittenTo,
  { artifactType, dryRun }: { readonly artifactType: string; readonly dryRun: boolean },
): Outcome {
  const { store, tag, descriptor, files, subject } = pushed;
  const about = subject === undefined ? "" : `, about ${subject.digest}`;
  return {
    status: DONE,
    document: {
      ...{ store, tag, digest: descriptor.digest, type: artifactType, dryRun },
      files: files.map((file) => ({ title: titleOf(file), ...bare(file) })),
      ...(subject !== undefined && { subject: subject.digest }),
    },
    lines: [
      `${dryRun ? "would write " : ""}${targetName(pushed)} ${descriptor.digest}${about}`,
      ...table(files.map((file) => [`  ${titleOf(file)}`, file.digest, formatBytes(file.size)])),
    ],
  };
}

function titleOf({ annotations }: Descriptor): string {
  return annotations?.[AnnotationKey.title] ?? "";
}

function bare({ mediaType, digest, size }: Descriptor): Partial<Descriptor> {
  return { mediaType, digest, size };
}
