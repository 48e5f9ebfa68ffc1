// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { describe } from "../../bytes/describe.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Manifest } from "../../oci/documents/manifest.ts";
import type { Digest } from "../../oci/digest.ts";
import { isOciError } from "../../oci/errors.ts";
import { formatJson } from "../../oci/json.ts";
import { withLimits, type Limits } from "../../oci/limits.ts";
import { isIndexType, isManifestType } from "../../oci/media-types.ts";
import type { RootEntry } from "../layout/root-entries.ts";
import { readIndex, readManifest } from "../read-documents.ts";
import type { ReadableStore } from "../store.ts";

// Of a multi-platform image of which one platform was pulled, docker, nerdctl and ctr save the whole
// index and what they have of its images: one with all its layers, of the others the manifest at most.

/** What an archive holds of what its index.json names. */
export interface HeldRoots {
  /**
   * What can be chosen: whole images, and indexes of them. An index of which images are not there is
   * the only one that is, or else another index of those that are. When nothing is whole, the entries
   * as they were: reading them says what is missing.
   */
  readonly roots: readonly RootEntry[];
  /** The manifests below the roots. */
  readonly images: readonly HeldImage[];
  /** What was named and is not there, or not whole. */
  readonly absent: readonly Descriptor[];
  /** The indexes that had to be made. */
  readonly made: ReadonlyMap<Digest, Uint8Array>;
}

/** A manifest that is held with all it names. */
export interface HeldImage {
  readonly root: RootEntry;
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
}

/** Options of {@link findHeldRoots}. */
export interface HeldRootsOptions extends AbortOptions {
  readonly limits?: Partial<Limits> | undefined;
}

/** One descriptor, judged with all below it. */
interface Judged {
  /** What is whole of it; undefined when nothing is. */
  readonly kept: Descriptor | undefined;
  readonly images: readonly Omit<HeldImage, "root">[];
  readonly absent: readonly Descriptor[];
}

interface Judging {
  readonly store: ReadableStore;
  readonly options: HeldRootsOptions;
  readonly made: Map<Digest, Uint8Array>;
  readonly known: Map<string, Judged>;
}

/**
 * Reads the manifests and indexes that the entries lead to. What can't be read or parsed counts as
 * held, so that whoever asks for it is told why.
 */
export async function findHeldRoots(
  store: ReadableStore,
  entries: readonly RootEntry[],
  options: HeldRootsOptions,
): Promise<HeldRoots> {
  const judging: Judging = { store, options, made: new Map(), known: new Map() };
  const roots: RootEntry[] = [];
  const images: HeldImage[] = [];
  const absent: Descriptor[] = [];
  for (const entry of entries) {
    const judged = await judge(judging, entry, 0);
    absent.push(...judged.absent);
    if (judged.kept === undefined) continue;
    const root = withNamesOf(entry, judged.kept);
    roots.push(root);
    images.push(...judged.images.map((image) => ({ ...image, root })));
  }
  return {
    roots: roots.length === 0 ? entries : roots,
    images,
    absent: [...new Map(absent.map((each) => [each.digest, each])).values()],
    made: judging.made,
  };
}

async function judge(judging: Judging, descriptor: Descriptor, depth: number): Promise<Judged> {
  const key = `${descriptor.mediaType} ${descriptor.digest} ${descriptor.size}`;
  const known = judging.known.get(key);
  if (known !== undefined)
    return { ...known, kept: known.kept && { ...descriptor, ...known.kept } };
  const judged = await judgeNew(judging, descriptor, depth).catch((error: unknown): Judged => {
    if (!isOciError(error) || error.code === "aborted") throw error;
    return { kept: descriptor, images: [], absent: [] };
  });
  judging.known.set(key, judged);
  return judged;
}

async function judgeNew(judging: Judging, descriptor: Descriptor, depth: number): Promise<Judged> {
  const { store, options } = judging;
  const nothing = { kept: undefined, images: [], absent: [descriptor] };
  if (!(await store.exists(descriptor, options))) return nothing;
  if (isIndexType(descriptor.mediaType)) return judgeIndex(judging, descriptor, depth);
  if (!isManifestType(descriptor.mediaType)) return { ...nothing, kept: descriptor, absent: [] };
  const manifest = (await readManifest(store, descriptor, options)).value;
  for (const part of [manifest.config, ...manifest.layers]) {
    const isElsewhere = part.urls !== undefined && part.urls.length > 0;
    if (!isElsewhere && !(await store.exists(part, options))) return nothing;
  }
  return { kept: descriptor, images: [{ descriptor, manifest }], absent: [] };
}

async function judgeIndex(
  judging: Judging,
  descriptor: Descriptor,
  depth: number,
): Promise<Judged> {
  const { store, options, made } = judging;
  const index = (await readIndex(store, descriptor, options)).value;
  if (depth >= withLimits(options.limits).indexDepth) {
    return { kept: descriptor, images: [], absent: [] };
  }
  const children: Judged[] = [];
  for (const child of index.manifests) children.push(await judge(judging, child, depth + 1));
  const images = children.flatMap((child) => child.images);
  const absent = children.flatMap((child) => child.absent);
  if (absent.length === 0) return { kept: descriptor, images, absent };
  const manifests = children.flatMap(({ kept }) => (kept === undefined ? [] : [kept]));
  if (manifests.length < 2) return { kept: manifests[0], images, absent };
  const bytes = formatJson({ ...index, manifests });
  const kept = { ...descriptor, ...describe(descriptor.mediaType, bytes) };
  made.set(kept.digest, bytes);
  return { kept, images, absent };
}

/** What is left of an entry keeps its names. */
function withNamesOf(entry: RootEntry, kept: Descriptor): RootEntry {
  if (entry.annotations === undefined || kept.digest === entry.digest) return kept;
  return { ...kept, annotations: { ...kept.annotations, ...entry.annotations } };
}
