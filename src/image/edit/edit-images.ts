// SPDX-License-Identifier: MIT
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { formatPlatform } from "../../oci/platform.ts";
import { copy } from "../../store/copy/copy.ts";
import { readIndex } from "../../store/read-documents.ts";
import type { ContentStore, ReadableStore } from "../../store/store.ts";
import { readImage, type Image } from "../image.ts";
import { viewOf, type ImageView } from "./image-view.ts";
import { listImages } from "../list-images.ts";
import { rewriteIndex } from "./rewrite-document.ts";
import { storeRoot, writeImage, type WriteImageOptions, type WrittenImage } from "./write-image.ts";

/** Changes one image. */
export type ImageEdit = (view: ImageView) => ImageView | Promise<ImageView>;

/** What {@link editImages} wrote, or would write with `dryRun`. */
export interface EditedImages {
  /** The descriptor of the new manifest or index. */
  readonly root: Descriptor;
  /** The images in the order of the index, each once. */
  readonly images: readonly WrittenImage[];
  /** Attestations that were left out, because the image that they are about was replaced. */
  readonly dropped: readonly Descriptor[];
}

/**
 * Edits an image, or every image of an index, and writes the result: an image, or an index of the same
 * children. A new layer that several images get is made once. BuildKit's attestations of an image are left
 * out if it changed, and kept if not; artifacts and anything else that an index names are copied. An index
 * within the index is replaced by its children. When no image changes, the index stays the same, byte for
 * byte.
 * @throws OciError `not-found` for an index without an image; what editing and writing throw
 */
export async function editImages(
  source: ReadableStore,
  root: Descriptor,
  target: ContentStore,
  edit: ImageEdit,
  options: WriteImageOptions = {},
): Promise<EditedImages> {
  if (!isIndexType(root.mediaType)) {
    const image = await readImage(source, root, options);
    const written = await writeImage(await edit(viewOf(image)), target, options);
    return { root: written.descriptor, images: [written], dropped: [] };
  }
  const made: WriteImageOptions["made"] = options.made ?? new Map();
  const editing: Editing = {
    source,
    target,
    edit,
    options: { ...options, made },
    written: new Map(),
  };
  const children = await editChildren(editing, root);
  if (editing.written.size === 0) throw nothingToEdit(source, root);
  const { kept, dropped } = withoutStale(children, editing.written);
  for (const { descriptor, isImage } of kept) if (!isImage) await copyChild(editing, descriptor);
  const index = await readIndex(source, root, options);
  const after = rewriteIndex(
    index,
    kept.map(({ descriptor }) => descriptor),
  );
  if (options.dryRun !== true) await storeRoot(target, after, options);
  return { root: after.descriptor, images: [...editing.written.values()], dropped };
}

interface Editing {
  readonly source: ReadableStore;
  readonly target: ContentStore;
  readonly edit: ImageEdit;
  readonly options: WriteImageOptions;
  /** The new images, by the digests of the old ones. */
  readonly written: Map<Digest, WrittenImage>;
}

/** A child of the new index. */
interface Child {
  readonly descriptor: Descriptor;
  readonly isImage: boolean;
  /** The image that an attestation is about. */
  readonly attested: string | undefined;
}

async function editChildren(editing: Editing, root: Descriptor): Promise<readonly Child[]> {
  const { source, options } = editing;
  const index = await readIndex(source, root, options);
  const children: Child[] = [];
  for (const child of index.value.manifests) {
    const { images, attestations, others } = await listImages(source, child, options);
    for (const image of images) {
      // a platform that the index itself gives stays as it is
      const named = images.length === 1 && image.digest === child.digest ? child : image;
      const descriptor = await editChild(editing, named);
      children.push({ descriptor, isImage: true, attested: undefined });
    }
    for (const descriptor of [...attestations, ...others]) {
      const attested = descriptor.annotations?.[AnnotationKey.attestedDigest];
      children.push({ descriptor, isImage: false, attested });
    }
  }
  return children;
}

async function editChild(editing: Editing, child: Descriptor): Promise<Descriptor> {
  const { source, target, edit, options, written } = editing;
  const image = await readImage(source, child, options);
  const known = written.get(child.digest);
  const result =
    known ??
    (await writeImage(await edit(viewOf(image)), target, {
      ...options,
      tag: undefined,
      keepRoot: false,
    }));
  written.set(child.digest, result);
  return describeChild(child, image, result.descriptor);
}

/** The index's entry for the image with the new digest, and the new platform if that changed. */
function describeChild(child: Descriptor, image: Image, after: Descriptor): Descriptor {
  const { mediaType, digest, size, platform } = after;
  if (digest === child.digest) return child;
  const before = formatPlatform(image.config.value);
  const isMoved = platform !== undefined && formatPlatform(platform) !== before;
  return {
    ...child,
    mediaType,
    digest,
    size,
    data: undefined,
    ...(isMoved && { platform }),
  };
}

function withoutStale(
  children: readonly Child[],
  written: ReadonlyMap<Digest, WrittenImage>,
): { readonly kept: readonly Child[]; readonly dropped: readonly Descriptor[] } {
  const isStale = ({ attested }: Child): boolean => {
    const image = attested === undefined ? undefined : written.get(attested as Digest);
    return image !== undefined && image.descriptor.digest !== attested;
  };
  return {
    kept: children.filter((child) => !isStale(child)),
    dropped: children.filter(isStale).map(({ descriptor }) => descriptor),
  };
}

async function copyChild({ source, target, options }: Editing, child: Descriptor): Promise<void> {
  const { dryRun, signal, limits, onProgress } = options;
  await copy(source, child, target, { keepRoot: false, dryRun, signal, limits, onProgress });
}

function nothingToEdit(source: ReadableStore, root: Descriptor): OciError {
  return new OciError(
    "not-found",
    `${source.name}: expected an image in the index ${root.digest}, got none`,
    { details: { root: root.digest } },
  );
}
