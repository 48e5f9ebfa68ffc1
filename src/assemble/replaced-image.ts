// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { type ErrorCode, isOciError } from "../oci/errors.ts";
import { isIndexType, isManifestType } from "../oci/media-types.ts";
import { readIndex, readManifest } from "../store/read-documents.ts";
import type { ContentStore, ReadableStore } from "../store/store.ts";

/** Errors that mean an image is damaged. Any other error leaves that unknown, and is thrown. */
export const DAMAGED: readonly ErrorCode[] = [
  "not-found",
  "invalid-manifest",
  "invalid-config",
  "invalid-json",
  "digest-mismatch",
  "size-mismatch",
  "truncated",
];

/** The image that a tag names until the new one replaces it. */
export interface ReplacedImage {
  readonly descriptor: Descriptor;
  /** Its config and layers, if its manifest can be read. Whether they are usable is not checked here. */
  readonly content: readonly Descriptor[];
}

/** The image that the tag names now; undefined if there is no such tag or it names an index. */
export async function findReplaced(
  target: ReadableStore,
  tag: string,
  options: AbortOptions,
): Promise<ReplacedImage | undefined> {
  const descriptor = await unlessDamaged(() => target.resolve(tag, options));
  if (descriptor === undefined || !isManifestType(descriptor.mediaType)) return undefined;
  const manifest = await unlessDamaged(() => readManifest(target, descriptor, options));
  if (manifest === undefined) return { descriptor, content: [] };
  return { descriptor, content: [manifest.value.config, ...manifest.value.layers] };
}

async function unlessDamaged<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isOciError(error, ...DAMAGED)) return undefined;
    throw error;
  }
}

/**
 * Removes content that only the replaced image needed, if the store can list its roots and remove content.
 * Whatever other images in the store need is kept.
 */
export async function removeReplaced(
  target: ContentStore,
  replaced: ReplacedImage | undefined,
  options: AbortOptions,
): Promise<void> {
  const { roots, remove } = target.capabilities;
  if (replaced === undefined || roots === undefined || remove === undefined) return;
  const kept = new Set<Digest>();
  for (const root of await roots(options)) await keep(target, root, kept, options);
  if (kept.has(replaced.descriptor.digest)) return;
  for (const { digest } of [replaced.descriptor, ...replaced.content]) {
    if (!kept.has(digest)) await remove(digest, options);
  }
}

async function keep(
  store: ReadableStore,
  descriptor: Descriptor,
  kept: Set<Digest>,
  options: AbortOptions,
): Promise<void> {
  if (kept.has(descriptor.digest)) return;
  kept.add(descriptor.digest);
  if (isIndexType(descriptor.mediaType)) {
    const { value } = await readIndex(store, descriptor, options);
    for (const child of value.manifests) await keep(store, child, kept, options);
  } else if (isManifestType(descriptor.mediaType)) {
    const { value } = await readManifest(store, descriptor, options);
    for (const child of [value.config, ...value.layers]) kept.add(child.digest);
  }
}
