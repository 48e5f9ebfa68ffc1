// SPDX-License-Identifier: MIT
import {
  copyReference,
  type CopyReferenceOptions,
} from "../../image/by-reference/copy-reference.ts";
import { copyTags } from "../../image/by-reference/copy-tags.ts";
import type { ImageFormat } from "../../image/rewrite/image-format.ts";
import { OciError } from "../../oci/errors.ts";
import { parseTypedPlatform } from "../../oci/known-platforms.ts";
import type { Outcome, Session } from "../command.ts";
import { compressionOf } from "../input/compression.ts";
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
  const options = await optionsOf(flags, session);
  const { dryRun } = options;
  const to = await parseTarget(destination, dryRun, session);
  const from = await parseConfigured(source, session.context);
  if (flags.allTags !== true) {
    const copied = await copyReference(from, to.location, options);
    return { ...copiedOutcome(copied, dryRun), tookStdout: to.isStdout };
  }
  if (options.platform !== undefined) {
    const { platform, ...rest } = options;
    const all = { ...rest, platforms: [platform], patterns: flags.filter };
    return copiedTagsOutcome(await copyTags(from, to.location, all), dryRun);
  }
  const copied = await copyTags(from, to.location, { ...options, patterns: flags.filter });
  return copiedTagsOutcome(copied, dryRun);
}

async function optionsOf(
  { platform, ...flags }: CopyFlags,
  session: Session,
): Promise<CopyReferenceOptions & { readonly dryRun: boolean }> {
  if (flags.filter !== undefined && flags.allTags !== true) {
    throw new OciError("invalid-argument", "--filter: expected it with --all-tags, got it alone");
  }
  const wanted = platform?.map((text) => parseTypedPlatform(text, session.warn)) ?? [];
  const [only, ...others] = wanted;
  const isKept = flags.compression === "keep";
  return {
    ...(await referenceOptions(flags, session)),
    platform: others.length === 0 ? only : undefined,
    platforms: others.length === 0 ? undefined : wanted,
    referrers: flags.referrers,
    format: flags.format,
    ...(await compressionOf(isKept ? { ...flags, compression: undefined } : flags, session)),
    dropAnnotations: flags.dropAnnotations,
    verifyPresent: flags.verifyPresent,
    onProgress: showCopy(session.progress),
  };
}
