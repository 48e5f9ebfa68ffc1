// SPDX-License-Identifier: MIT
import type { CompressionChoice } from "../../bytes/level/compression-choice.ts";
import {
  copyReference,
  type CopyReferenceOptions,
} from "../../image/by-reference/copy-reference.ts";
import { copyTags } from "../../image/by-reference/copy-tags.ts";
import type { Location } from "../../image/location.ts";
import type { ImageFormat } from "../../image/rewrite/image-format.ts";
import { OciError } from "../../oci/errors.ts";
import { parseTypedPlatform } from "../../oci/known-platforms.ts";
import type { Outcome, Session } from "../command.ts";
import { compressionPart, planCompression, type PlannedCompression } from "../input/compression.ts";
import { parseConfigured } from "../input/configured.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { parseTarget } from "../input/target.ts";
import { showCopy } from "../progress/show-copy.ts";
import { copiedOutcome, copiedTagsOutcome } from "./copy-text.ts";

/** The flags of `oci-kit copy`, as they were typed. */
export interface CopyFlags extends Omit<ReferenceFlags, "platform"> {
  readonly platform?: readonly string[];
  readonly referrers?: true;
  readonly allTags?: true;
  readonly filter?: readonly string[];
  readonly format?: ImageFormat;
  readonly compression?: string;
  readonly rate?: string;
  readonly dropAnnotations?: true;
  readonly verifyPresent?: true;
}

/** Runs `oci-kit copy`. */
export async function copyImages(
  source: string,
  destination: string,
  flags: CopyFlags,
  session: Session,
): Promise<Outcome> {
  const to = await parseTarget(destination, flags.dryRun === true, session);
  const { chosen, ...options } = await optionsOf(flags, to.location, session);
  const { dryRun } = options;
  const from = await parseConfigured(source, session.context);
  if (flags.allTags !== true) {
    const copied = await copyReference(from, to.location, options);
    const outcome = { ...copiedOutcome(copied, dryRun), tookStdout: to.isStdout };
    return withCompression(outcome, chosen());
  }
  const { platform, ...rest } = options;
  const all = platform === undefined ? options : { ...rest, platforms: [platform] };
  const copied = await copyTags(from, to.location, { ...all, patterns: flags.filter });
  return withCompression(copiedTagsOutcome(copied, dryRun), chosen());
}

function withCompression(outcome: Outcome, chosen: CompressionChoice | undefined): Outcome {
  return { ...outcome, document: { ...outcome.document, ...compressionPart(chosen) } };
}

/** What the options of the library do not have. */
interface CopyExtras extends Pick<PlannedCompression, "chosen"> {
  readonly dryRun: boolean;
}

async function optionsOf(
  { platform, ...flags }: CopyFlags,
  target: Location,
  session: Session,
): Promise<CopyReferenceOptions & CopyExtras> {
  if (flags.filter !== undefined && flags.allTags !== true) {
    throw new OciError("invalid-argument", "--filter: expected it with --all-tags, got it alone");
  }
  const wanted = platform?.map((text) => parseTypedPlatform(text, session.warn)) ?? [];
  const [only, ...others] = wanted;
  const isKept = flags.compression === "keep";
  const wished = isKept ? { ...flags, compression: undefined } : flags;
  const { wish, chosen } = planCompression(wished, session, target);
  return {
    ...(await referenceOptions(flags, session)),
    platform: others.length === 0 ? only : undefined,
    platforms: others.length === 0 ? undefined : wanted,
    referrers: flags.referrers,
    format: flags.format,
    ...wish,
    dropAnnotations: flags.dropAnnotations,
    verifyPresent: flags.verifyPresent,
    onProgress: showCopy(session.progress),
    chosen,
  };
}
