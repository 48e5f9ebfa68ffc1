// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { describe } from "../../bytes/describe-content.ts";
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

// When only one platform of a multi-platform image was pulled, docker, nerdctl and ctr save the whole index
// but only part of its images: one image with all its layers, and at most the manifests of the others.

/** The part of what an archive's index.json names that the archive really holds. */
export interface HeldRoots {
  /**
   * The roots that can be read: complete images, and indexes of complete images. If images of an index are
   * missing, it is replaced by its only complete image, or by a new index of the complete ones. If nothing is
   * complete, these are the original entries: reading them gives an error that says what is missing.
   */
  readonly roots: readonly RootEntry[];
  /** The complete images below the roots. */
  readonly images: readonly HeldImage[];
  /** Descriptors that are named, but whose content is missing or incomplete. */
  readonly absent: readonly Descriptor[];
  /** The bytes of the new indexes. */
  readonly made: ReadonlyMap<Digest, Uint8Array>;
}

/** A manifest whose config and layers are all in the archive. */
export interface HeldImage {
  readonly root: RootEntry;
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
}

/** Options of {@link findHeldRoots}. */
export interface HeldRootsOptions extends AbortOptions {
  readonly limits?: Partial<Limits> | undefined;
}

/** The result for one descriptor and everything below it. */
interface Judged {
  /** Its complete part. Undefined when nothing below it is complete. */
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
 * Reads the manifests and indexes below the entries. One that can't be read or parsed counts as held, so that
 * whoever asks for it gets the error.
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

/** Puts the names of an entry on the part of it that is kept. */
function withNamesOf(entry: RootEntry, kept: Descriptor): RootEntry {
  if (entry.annotations === undefined || kept.digest === entry.digest) return kept;
  return { ...kept, annotations: { ...kept.annotations, ...entry.annotations } };
}
