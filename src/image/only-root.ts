// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import { escapeText } from "../bytes/byte-string.ts";
import { AnnotationKey } from "../oci/annotations.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { shortDigest } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";
import { isIndexType, isManifestType } from "../oci/media-types.ts";
import { formatPlatform } from "../oci/platform.ts";
import { isReferrerTag } from "../store/referrers/referrer-tags.ts";
import { readIndex, readManifest } from "../store/read-documents.ts";
import type { ReadableStore } from "../store/store.ts";

const LISTED = 20;

/**
 * The only root of a store, a manifest or an index, however many tags name it. Roots that another root (an
 * index) refers to don't count: oras lists the images of an index beside the index. Neither do referrers
 * (signatures, SBOMs), which a layout keeps as roots, unless there is nothing else.
 * @throws OciError `not-found` when there is none, `ambiguous` when there are several, which are listed,
 *   `unsupported-operation` when the store can't list its roots
 */
export async function onlyRoot(store: ReadableStore, options?: AbortOptions): Promise<Descriptor> {
  const { roots } = store.capabilities;
  if (roots === undefined) {
    throw new OciError(
      "unsupported-operation",
      `${store.name}: expected a tag or a digest: this kind of store can't list what it holds`,
    );
  }
  const found = await mainRoots(store, await roots(options), options);
  const [root] = found;
  if (root === undefined) {
    throw new OciError("not-found", `${store.name}: expected an image, got none: it is empty`);
  }
  if (found.every((other) => other.digest === root.digest)) return root;
  throw new OciError(
    "ambiguous",
    `${store.name}: expected one image, got ${found.length}: ${listDescriptors(found)}`,
    {
      details: { store: store.name, found },
      hint: "Name the one that is meant by its tag or digest.",
    },
  );
}

/** The roots that no index among them refers to and that refer to nothing themselves; all if there is no such root. */
export async function mainRoots(
  store: ReadableStore,
  roots: readonly Descriptor[],
  options?: AbortOptions,
): Promise<readonly Descriptor[]> {
  if (roots.length < 2) return roots;
  const named = new Set<string>();
  for (const root of roots.filter(({ mediaType }) => isIndexType(mediaType))) {
    const index = await readIndex(store, root, options);
    for (const child of index.value.manifests) named.add(child.digest);
  }
  const tops = roots.filter(({ digest }) => !named.has(digest));
  const main: Descriptor[] = [];
  for (const root of tops) if (!(await isReferrer(store, root, options))) main.push(root);
  return main.length > 0 ? main : tops;
}

async function isReferrer(
  store: ReadableStore,
  root: Descriptor,
  options?: AbortOptions,
): Promise<boolean> {
  const tag = root.annotations?.[AnnotationKey.refName];
  if (tag !== undefined) return isReferrerTag(tag);
  const { mediaType } = root;
  if (isIndexType(mediaType))
    return (await readIndex(store, root, options)).value.subject !== undefined;
  if (!isManifestType(mediaType)) return false;
  return (await readManifest(store, root, options)).value.subject !== undefined;
}

/**
 * Descriptors for a message: tag or platform, and the short digest. Of more than twenty, only the number of
 * the rest is given.
 */
export function listDescriptors(descriptors: readonly Descriptor[]): string {
  const listed = descriptors.slice(0, LISTED).map(describeBriefly);
  if (descriptors.length > LISTED) listed.push(`and ${descriptors.length - LISTED} more`);
  return listed.join(", ");
}

/** A descriptor for people: tag or platform, and the short digest. */
export function describeBriefly(descriptor: Descriptor): string {
  const name = descriptor.annotations?.[AnnotationKey.refName];
  const words = [
    ...(name === undefined ? [] : [name]),
    ...(descriptor.platform === undefined ? [] : [formatPlatform(descriptor.platform)]),
    `(${shortDigest(descriptor.digest)})`,
  ];
  return escapeText(words.join(" "));
}
