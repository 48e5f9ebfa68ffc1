// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { digestAlgorithm, digestEncoded } from "../../oci/digest.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { formatJson } from "../../oci/json.ts";
import type { Limits } from "../../oci/limits.ts";
import { isConfigType, isManifestType } from "../../oci/media-types.ts";
import { quote } from "../../oci/quote.ts";
import { parseReference } from "../../oci/reference.ts";
import {
  archiveStore,
  closingOnFailure,
  readArchivedLayout,
  type ArchiveReader,
} from "./archive-store.ts";
import {
  createArchive,
  type ArchiveDocument,
  type ArchiveWriter,
  type CreateArchiveOptions,
} from "./archive-writer.ts";
import { DOCKER_MANIFEST, savedImages, type SavedImage } from "./docker-save.ts";
import { INDEX_FILE, LAYOUT_FILE, readLayoutIndex } from "../layout/layout-index.ts";
import type { LayoutStore } from "../layout/layout.ts";
import { reconcileImages } from "./reconcile-images.ts";
import type { OpenArchiveOptions } from "./oci-archive.ts";
import { openOuterArchive, type OuterArchive } from "./outer-archive.ts";
import { readManifest } from "../read-documents.ts";
import { dockerName, taggedName, type RootEntry } from "../layout/root-entries.ts";

/**
 * Opens an archive written by `docker save`, `nerdctl save` or `podman save`, plain or compressed with gzip
 * or zstd; `-` reads the standard input. The newer format contains an OCI layout: those of its manifests that
 * are in the archive are kept as they are, and images that only `manifest.json` lists are added. The older
 * format has no manifests, so they are made: they refer to the config's original bytes, and to each layer by
 * its diffID, so that reading a layer verifies it. Images of the older format have the names that docker
 * gives them (`alpine`, `alpine:3.20`), and can be found by their tag alone where that is unambiguous. The
 * caller closes the archive.
 * @throws OciError `not-found`, `unreadable`, `unsupported-compression`, `truncated`, `invalid-archive`,
 * `path-escape`, `invalid-config`, `diff-id-mismatch`
 */
export async function openDockerArchive(
  file: string,
  options: OpenArchiveOptions = {},
): Promise<ArchiveReader> {
  const archive = await openOuterArchive(file, `docker-archive:${file}`, options);
  return closingOnFailure(archive, () =>
    archive.has(LAYOUT_FILE) && archive.has(INDEX_FILE)
      ? layoutWithSavedImages(archive, options)
      : savedImages(archive, options),
  );
}

async function layoutWithSavedImages(
  archive: OuterArchive,
  options: OpenArchiveOptions,
): Promise<ArchiveReader> {
  const layout = await readArchivedLayout(archive, options);
  const offer = archive.has(DOCKER_MANIFEST)
    ? await reconcileImages(archive, layout, options)
    : layout;
  return archiveStore(archive, offer, options.limits);
}

/**
 * Starts an archive for `docker load`, `nerdctl load` and `podman load`; `-` writes to the standard output.
 * It is an OCI layout with docker's `manifest.json` beside it, so that old and new readers find the same
 * image and digests do not change. Tags are docker's image names, with or without a tag. Layers are stored
 * unchanged. The caller closes or discards the archive.
 * @throws OciError `unwritable`, `not-found` when the directory of the file is missing. Its `tag` and
 * `addRoot` throw `unsupported-operation` for an index
 */
export async function createDockerArchive(
  file: string,
  options: CreateArchiveOptions = {},
): Promise<ArchiveWriter> {
  const name = `docker-archive:${file}`;
  const writer = await createArchive(file, name, options, (layout) =>
    dockerDocuments(layout, options.limits),
  );
  const { addRoot } = writer.capabilities;
  return {
    ...writer,
    tag: async (descriptor: Descriptor, tag: string, abort?: AbortOptions) => {
      checkDockerImage(descriptor, name);
      checkDockerName(tag, name);
      await writer.tag(descriptor, tag, abort);
    },
    capabilities: {
      ...writer.capabilities,
      addRoot: async (descriptor, abort) => {
        checkDockerImage(descriptor, name);
        await addRoot(descriptor, abort);
      },
    },
  };
}

/** Refuses what a docker-archive can't hold as an image. @throws OciError `unsupported-operation` for an index */
export function checkDockerImage({ mediaType, digest }: Descriptor, name: string): void {
  if (isManifestType(mediaType)) return;
  throw new OciError(
    "unsupported-operation",
    `${name}: expected one image, got ${digest} of type ${JSON.stringify(mediaType)}: docker loads no index`,
    {
      details: { mediaType, digest },
      hint: "Choose one with --platform, or write an oci-archive.",
    },
  );
}

/**
 * Checks the name of an image, because Docker refuses a whole archive for one name that it can't load.
 * @throws OciError `invalid-argument`
 */
export function checkDockerName(tag: string, where: string): void {
  try {
    const { digest } = parseReference(dockerName(tag));
    if (digest === undefined) return;
  } catch (error) {
    if (!isOciError(error)) throw error;
    throw unloadable(tag, where, error.message);
  }
  throw unloadable(tag, where, "it has a digest");
}

function unloadable(tag: string, where: string, reason: string): OciError {
  return new OciError(
    "invalid-argument",
    `${where}: expected a name that docker loads, as alpine or example.org/alpine:3, got ${quote(tag)}: ${reason}`,
    { details: { tag } },
  );
}

async function dockerDocuments(
  layout: LayoutStore,
  limits: Partial<Limits> | undefined,
): Promise<readonly ArchiveDocument[]> {
  const index = await readLayoutIndex(layout.directory, limits);
  const manifests = index.manifests.map(withDockerName);
  const images = new Map<string, SavedImage>();
  for (const root of manifests) {
    const known = images.get(root.digest) ?? (await savedImage(layout, root, limits));
    const name = root.annotations?.[AnnotationKey.refName];
    const tags = name === undefined ? [] : [taggedName(name)];
    images.set(root.digest, { ...known, RepoTags: [...known.RepoTags, ...tags] });
  }
  return [
    { name: INDEX_FILE, bytes: formatJson({ ...index, manifests }) },
    { name: DOCKER_MANIFEST, bytes: formatJson([...images.values()]) },
  ];
}

/** Adds the annotation from which containerd, and docker with it, takes the name of the image. */
function withDockerName(root: RootEntry): RootEntry {
  const name = root.annotations?.[AnnotationKey.refName];
  if (name === undefined) return root;
  return {
    ...root,
    annotations: { ...root.annotations, [AnnotationKey.containerdName]: dockerName(name) },
  };
}

async function savedImage(
  layout: LayoutStore,
  root: RootEntry,
  limits: Partial<Limits> | undefined,
): Promise<SavedImage> {
  const { config, layers } = (await readManifest(layout, root, { limits })).value;
  if (!isConfigType(config.mediaType)) {
    throw new OciError(
      "unsupported-operation",
      `${layout.name}: expected an image, got an artifact with a config of type ${JSON.stringify(config.mediaType)}`,
      { details: { root } },
    );
  }
  return { Config: pathOf(config), RepoTags: [], Layers: layers.map(pathOf) };
}

function pathOf({ digest }: Descriptor): string {
  return `blobs/${digestAlgorithm(digest)}/${digestEncoded(digest)}`;
}
