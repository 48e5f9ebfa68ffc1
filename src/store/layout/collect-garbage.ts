// SPDX-License-Identifier: MIT
import { existsSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isDigest, type Digest } from "../../oci/digest.ts";
import { isOciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import { isManifestType } from "../../oci/media-types.ts";
import { parseIndex, parseManifest } from "../../oci/documents/parse-documents.ts";
import { childrenOf, namesContent } from "../content-graph.ts";
import { writing } from "../../files/system-error.ts";
import { OWN_PREFIX } from "./layout-blobs.ts";
import { lockLayout } from "./layout-roots.ts";
import type { LayoutStore } from "./layout.ts";
import { isAbandoned, stemOf } from "../../files/owned-name.ts";
import { readDocumentBytes } from "../read-documents.ts";
import { sweepTemporary, UPLOAD } from "./sweep-temporary.ts";

/** Options of {@link collectGarbage}. */
export interface CollectOptions extends AbortOptions {
  /**
   * In milliseconds. A blob is removed only if it has been unreferenced for at least this long, because a
   * running copy pushes blobs before it tags them.
   */
  readonly minAge?: number | undefined;
  /** Report what would be removed, and remove nothing. */
  readonly dryRun?: boolean | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Milliseconds to wait for another process that is editing the layout. */
  readonly lockTimeout?: number | undefined;
}

/** What was removed (with `dryRun`: what would be) and what stays. */
export interface Collected {
  readonly removed: readonly Pick<Descriptor, "digest" | "size">[];
  readonly removedBytes: number;
  readonly kept: number;
}

const MIN_AGE = 3600_000;
const ALGORITHMS = ["sha256", "sha512"];

/**
 * Removes the blobs of a layout that can't be reached from a root in `index.json` (through index, manifest,
 * config, layer or `subject`), once they are older than `minAge`. Missing content is no obstacle. A manifest
 * that can't be read is one: nobody knows which blobs it needs, so nothing is removed.
 * @throws OciError `locked`; any error of reading a manifest
 */
export async function collectGarbage(
  layout: LayoutStore,
  options: CollectOptions = {},
): Promise<Collected> {
  return lockLayout(
    layout.directory,
    async () => {
      const wanted = await mark(layout, options);
      return sweep(layout.directory, wanted, options);
    },
    options,
  );
}

/**
 * Whether a process is writing into the layout now, judging by the temporary files of blobs. If so, recent
 * blobs without a reference may be what it just stored: only blobs older than its work may be removed.
 */
export function isBeingWritten({ directory }: LayoutStore): boolean {
  return readdirSync(directory).some(
    (name) =>
      name.startsWith(OWN_PREFIX) &&
      (stemOf(name) !== undefined || name.startsWith(UPLOAD)) &&
      !isAbandoned(join(directory, name), MIN_AGE),
  );
}

async function mark(layout: LayoutStore, options: CollectOptions): Promise<Set<Digest>> {
  const wanted = new Set<Digest>();
  const waiting = [...(await layout.capabilities.roots())];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (wanted.has(next.digest)) continue;
    wanted.add(next.digest);
    if (namesContent(next)) waiting.push(...(await namedBy(layout, next, options)));
  }
  return wanted;
}

async function namedBy(
  layout: LayoutStore,
  descriptor: Descriptor,
  options: CollectOptions,
): Promise<readonly Descriptor[]> {
  const { limits, signal } = options;
  try {
    const bytes = await readDocumentBytes(layout, descriptor, { limits, signal });
    const parse = isManifestType(descriptor.mediaType) ? parseManifest : parseIndex;
    const { subject } = parse(bytes, descriptor, { limits }).value;
    const children = childrenOf(descriptor, bytes, limits);
    return subject === undefined ? children : [subject, ...children];
  } catch (error) {
    if (isOciError(error, "not-found")) return [];
    throw error;
  }
}

function sweep(
  directory: string,
  wanted: ReadonlySet<Digest>,
  { minAge = MIN_AGE, dryRun = false }: CollectOptions,
): Collected {
  const removed: Pick<Descriptor, "digest" | "size">[] = [];
  let kept = 0;
  for (const { path, digest } of listBlobs(directory)) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    if (wanted.has(digest) || !stats.isFile() || Date.now() - stats.mtimeMs < minAge) {
      kept += 1;
      continue;
    }
    removed.push({ digest, size: stats.size });
    if (!dryRun) writing(path, () => rmSync(path, { force: true }));
  }
  if (!dryRun) sweepTemporary(directory, minAge);
  return { removed, removedBytes: removed.reduce((sum, { size }) => sum + size, 0), kept };
}

/** The files of a layout that have names of blobs, sorted. */
export function* listBlobs(directory: string): Iterable<{ path: string; digest: Digest }> {
  for (const algorithm of ALGORITHMS) {
    const blobs = join(directory, "blobs", algorithm);
    if (!existsSync(blobs)) continue;
    for (const name of readdirSync(blobs).sort()) {
      const digest = `${algorithm}:${name}`;
      if (isDigest(digest)) yield { path: join(blobs, name), digest };
    }
  }
}
