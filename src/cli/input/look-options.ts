// SPDX-License-Identifier: MIT
import type { Command } from "commander";
import { OciError } from "../../oci/errors.ts";
import type { LookOptions } from "../../disk/look/look-at-reference.ts";
import type { Session } from "../command.ts";
import { showIndexing } from "../progress/show-indexing.ts";
import { indexCacheOf } from "./index-cache.ts";
import { referenceOptions, type ReferenceFlags } from "./reference-options.ts";

/** The flags of the commands that look into a filesystem. */
export interface LookFlags extends ReferenceFlags {
  readonly layer?: string;
}

/** Adds the options that every command has that looks into a filesystem. */
export function withLooking(command: Command): Command {
  return withPlatform(command).option(
    "--layer <N>",
    "only what this layer has, its whiteouts too; 0 is the lowest",
  );
}

/** Adds the option that chooses the image of an index. */
export function withPlatform(command: Command): Command {
  return command.option(
    "--platform <PLATFORM>",
    "the image of an index for this platform, as linux/arm64",
  );
}

/** Turns the flags into options of the functions that look. @throws OciError `invalid-argument`, `invalid-platform` */
export async function lookOptions(flags: LookFlags, session: Session): Promise<LookOptions> {
  return {
    ...(await referenceOptions(flags, session)),
    cache: await indexCacheOf(session.context),
    onProgress: showIndexing(session.progress),
    ...(flags.layer !== undefined && { layer: parseLayer(flags.layer) }),
  };
}

function parseLayer(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new OciError(
    "invalid-argument",
    `--layer: expected a number from 0 (the lowest layer), got ${JSON.stringify(text)}`,
    { hint: "oci-kit history REF lists the layers with their numbers" },
  );
}
