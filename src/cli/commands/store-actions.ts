// SPDX-License-Identifier: MIT
import { openConversions } from "../../convert/kept/conversions.ts";
import type { Conversion } from "../../convert/kept/conversions.ts";
import { parseTypedPlatform } from "../../oci/known-platforms.ts";
import type { CommonFlags, Outcome, Session } from "../command.ts";
import { parseConfigured } from "../input/configured.ts";
import { parseDuration } from "../input/values/duration.ts";
import { DONE } from "../exit-status.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { count } from "../../report/text/format.ts";
import { indexCacheOf } from "../input/index-cache.ts";
import { letYoungGenerationGrow } from "../v8-flags.ts";
import { showConverting } from "../progress/show-converting.ts";

export interface AddFlags extends CommonFlags {
  readonly platform?: string;
}

export interface PruneFlags extends CommonFlags {
  readonly minAge: string;
  readonly dryRun?: true;
}

/** Runs `oci-kit store add`. */
export async function addToStore(
  directory: string,
  reference: string,
  names: readonly string[],
  flags: AddFlags,
  { context, progress, warn }: Session,
): Promise<Outcome> {
  letYoungGenerationGrow();
  const store = openConversions(directory);
  const wanted = names.length > 0 ? names : [reference];
  const found = await store.convert(await parseConfigured(reference, context), wanted, {
    platform: flags.platform === undefined ? undefined : parseTypedPlatform(flags.platform, warn),
    cache: await indexCacheOf(context),
    signal: context.signal,
    registry: context.registry,
    limits: context.limits,
    onProgress: showConverting(progress),
  });
  const { converted } = found;
  const how = converted ? "converted" : "was there";
  return {
    status: DONE,
    document: { store: store.directory, names: wanted, ...documentOf(found), converted },
    lines: [`${wanted.join(", ")}: ${found.digest} ${how}, in ${found.rootfs}`],
  };
}

/** Runs `oci-kit store link`. */
export async function linkInStore(
  directory: string,
  source: string,
  name: string,
  { context: { signal } }: Session,
): Promise<Outcome> {
  const store = openConversions(directory);
  const found = await store.link(source, name, { signal });
  return {
    status: DONE,
    document: { store: store.directory, name, ...documentOf(found) },
    lines: [`${name}: ${found.digest}`],
  };
}

/** Runs `oci-kit store unlink`. */
export async function unlinkInStore(
  directory: string,
  name: string,
  { context: { signal } }: Session,
): Promise<Outcome> {
  const store = openConversions(directory);
  await store.unlink(name, { signal });
  return {
    status: DONE,
    document: { store: store.directory, name },
    lines: [`${name}: removed`],
  };
}

/** Runs `oci-kit store path`. */
export async function pathInStore(
  directory: string,
  name: string,
  { context: { signal } }: Session,
): Promise<Outcome> {
  const store = openConversions(directory);
  const found = await store.resolve(name, { signal });
  return {
    status: DONE,
    document: { store: store.directory, name, ...documentOf(found) },
    lines: [found.rootfs],
  };
}

/** Runs `oci-kit store prune`. */
export async function pruneStore(
  directory: string,
  flags: PruneFlags,
  { context: { signal } }: Session,
): Promise<Outcome> {
  const store = openConversions(directory);
  const dryRun = flags.dryRun === true;
  const minimumAge = parseDuration("--min-age", flags.minAge);
  const { removed, kept } = await store.prune({ minimumAge, dryRun, signal });
  const verb = dryRun ? "would remove" : "removed";
  const lines = removed.map(({ key, bytes }) => `${verb} ${key}${sizeOf(bytes)}`);
  return {
    status: DONE,
    document: { store: store.directory, removed, kept, dryRun },
    lines: [...lines, `${count(kept, "conversion")} kept`],
  };
}

function documentOf({ key, digest, rootfs }: Conversion): object {
  return { key, digest, rootfs };
}

function sizeOf(bytes: number | undefined): string {
  return bytes === undefined ? "" : ` (${formatBytes(bytes)})`;
}
