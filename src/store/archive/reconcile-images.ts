// SPDX-License-Identifier: MIT
import { describe } from "../../bytes/describe-content.ts";
import type { Digest } from "../../oci/digest.ts";
import { isOciError } from "../../oci/errors.ts";
import { MediaType } from "../../oci/media-types.ts";
import type { ArchivedLayout, Held, Offer } from "./archive-store.ts";
import {
  makeManifest,
  readSavedImages,
  withDockerNames,
  type SavedImage,
  type SaveOptions,
} from "./docker-save.ts";
import type { HeldImage } from "./held-roots.ts";
import type { OuterArchive } from "./outer-archive.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import { findRoot, type RootEntry } from "../layout/root-entries.ts";

/**
 * Combines the images of an archive that has both index.json and manifest.json. Docker lists some images only
 * in manifest.json: those that were saved by their id, and all without a tag (Docker 25 to 28 then write
 * `"manifests": null` into index.json). If a manifest and manifest.json list different layers for the same
 * config, manifest.json is right.
 * @throws OciError any error of reading manifest.json and of making manifests
 */
export async function reconcileImages(
  archive: OuterArchive,
  layout: ArchivedLayout,
  options: SaveOptions,
): Promise<Offer> {
  const contents = new Map<Digest, Held>();
  // Without a complete image below them, no root is complete.
  let roots: readonly RootEntry[] = layout.images.length === 0 ? [] : layout.roots;
  for (const image of await readSavedImages(archive, options)) {
    if (layout.absent.length > 0 && isPartial(archive, image)) continue;
    const config = describe(MediaType.config, await archive.readDocument(image.Config));
    const same = layout.images.filter(({ manifest }) => manifest.config.digest === config.digest);
    const known = same.find(({ manifest }) => manifest.layers.length === image.Layers.length);
    if (known !== undefined) {
      roots = withMissingNames(roots, known.root, image.RepoTags, archive.where);
      continue;
    }
    const made = await makeManifest(archive, image, contents, options);
    roots = [...withoutImages(roots, same), ...namedAs(made, image, same)];
  }
  const hold = (digest: Digest): Held | undefined => contents.get(digest) ?? layout.hold(digest);
  return { roots, hold, absent: layout.absent };
}

/** Whether parts of a listed image were not saved. */
function isPartial(archive: OuterArchive, { Config, Layers }: SavedImage): boolean {
  return [Config, ...Layers].some((name) => !archive.has(name));
}

/** Removes the roots that are these wrong manifests. An index that names one of them stays. */
function withoutImages(roots: readonly RootEntry[], wrong: readonly HeldImage[]): RootEntry[] {
  const digests = new Set(wrong.map(({ descriptor }) => descriptor.digest));
  return roots.filter(({ digest }) => !digests.has(digest));
}

/**
 * The new manifest under all names of the image, including those that index.json gave to a wrong manifest.
 */
function namedAs(
  made: RootEntry,
  { RepoTags }: SavedImage,
  wrong: readonly HeldImage[],
): RootEntry[] {
  if (RepoTags.length > 0) return RepoTags.map((name) => withDockerNames(made, name));
  const named = wrong.filter(({ root }) => root.annotations !== undefined);
  if (named.length === 0) return [made];
  return named.map(({ root }) => ({ ...made, annotations: root.annotations }));
}

/** Adds an entry for each name of the image that index.json does not give it. */
function withMissingNames(
  roots: readonly RootEntry[],
  root: RootEntry,
  names: readonly string[],
  where: string,
): readonly RootEntry[] {
  const missing = names.filter((name) => !isNamed(roots, name, where));
  if (missing.length === 0) return roots;
  const added = missing.map((name) => withDockerNames(root, name));
  const isNameless = ({ digest, annotations }: RootEntry): boolean =>
    digest === root.digest &&
    (annotations?.[AnnotationKey.refName] ?? annotations?.[AnnotationKey.containerdName]) ===
      undefined;
  return [...roots.filter((each) => !isNameless(each)), ...added];
}

function isNamed(roots: readonly RootEntry[], name: string, where: string): boolean {
  try {
    return findRoot(roots, name, where) !== undefined;
  } catch (error) {
    if (isOciError(error, "ambiguous")) return true;
    throw error;
  }
}
