// SPDX-License-Identifier: MIT
import * as z from "zod/mini";
import type { AbortOptions } from "../../bytes/bytes.ts";
import { decompressLayer, detectCompression } from "../../bytes/compression.ts";
import { describe } from "../../bytes/describe-content.ts";
import { createHasher } from "../../bytes/hash.ts";
import { drain, readAll } from "../../bytes/streams/read-all.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { digestOf, knownAlgorithm, type DiffId, type Digest } from "../../oci/digest.ts";
import { object, orElse, texts } from "../../oci/documents/go-shapes.ts";
import { OciError } from "../../oci/errors.ts";
import { formatJson, parseJson } from "../../oci/json.ts";
import { limitExceeded, withLimits, type Limits } from "../../oci/limits.ts";
import { layerMediaType, MediaType } from "../../oci/media-types.ts";
import { parseConfig } from "../../oci/documents/parse-documents.ts";
import { archiveStore, type ArchiveReader, type Held } from "./archive-store.ts";
import type { ArchiveFile, OuterArchive } from "./outer-archive.ts";
import { dockerName, type RootEntry } from "../layout/root-entries.ts";

// The format of `docker save` before Docker 25, which skopeo, podman and many build tools still write:
// manifest.json, one config per image, and one tar per layer.

/** The file that lists the images of an archive. */
export const DOCKER_MANIFEST = "manifest.json";

/** One image in {@link DOCKER_MANIFEST}. `Config` and `Layers` are names of archive entries. */
export interface SavedImage {
  readonly Config: string;
  readonly RepoTags: readonly string[];
  readonly Layers: readonly string[];
}

const SAVED_IMAGES = z.array(
  object({
    Config: z.string("a name"),
    RepoTags: z.pipe(
      texts,
      z.transform((names) => names?.filter(Boolean) ?? []),
    ),
    Layers: orElse(texts, []),
  }),
  "expected an array of images",
);

/** Options of the functions that read {@link DOCKER_MANIFEST}. */
export interface SaveOptions extends AbortOptions {
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * The images of an archive in the older format, with manifests made for them.
 * @throws OciError `invalid-archive`, `invalid-config`; `diff-id-mismatch` for a compressed layer, which is
 * read here to find out its digest
 */
export async function savedImages(
  archive: OuterArchive,
  options: SaveOptions,
): Promise<ArchiveReader> {
  const contents = new Map<Digest, Held>();
  const roots: RootEntry[] = [];
  for (const image of await readSavedImages(archive, options)) {
    const root = await makeManifest(archive, image, contents, options);
    if (image.RepoTags.length === 0) roots.push(root);
    for (const name of image.RepoTags) roots.push(withDockerNames(root, name));
  }
  const hold = (digest: Digest): Held | undefined => contents.get(digest);
  return archiveStore(archive, { roots, hold }, options.limits);
}

/** The root with an image name in the annotations that docker uses. */
export function withDockerNames(root: Descriptor, name: string): RootEntry {
  const names = { [AnnotationKey.refName]: name, [AnnotationKey.containerdName]: dockerName(name) };
  return { ...root, annotations: { ...root.annotations, ...names } };
}

/**
 * Reads the list of images in {@link DOCKER_MANIFEST}.
 * @throws OciError `invalid-archive`, `limit-exceeded`
 */
export async function readSavedImages(
  archive: OuterArchive,
  options: SaveOptions,
): Promise<readonly SavedImage[]> {
  const limits = withLimits(options.limits);
  const { where } = archive;
  if (!archive.has(DOCKER_MANIFEST)) {
    throw new OciError(
      "invalid-archive",
      `${where}: expected ${DOCKER_MANIFEST} or an OCI layout, got an archive with neither`,
      {
        hint: "Archives of Docker before 1.10 have none: load and save it again with a newer one.",
      },
    );
  }
  const what = `${where}: ${DOCKER_MANIFEST}`;
  const value = parseJson(await archive.readDocument(DOCKER_MANIFEST), { what, limits });
  const list = SAVED_IMAGES.safeParse(value);
  if (!list.success) {
    throw new OciError("invalid-archive", `${what}: ${z.prettifyError(list.error)}`);
  }
  const layers = list.data.reduce((sum, image) => sum + image.Layers.length, 0);
  if (list.data.length === 0) {
    throw new OciError("invalid-archive", `${what}: expected an image, got an empty list`);
  }
  if (layers > limits.children) {
    const unit = "layers of all images";
    throw limitExceeded({ what, limit: "children", allowed: limits.children, got: layers, unit });
  }
  return list.data;
}

/**
 * Makes the manifest of a listed image, and records where the manifest and its content can be read.
 * @throws OciError as {@link savedImages}
 */
export async function makeManifest(
  archive: OuterArchive,
  image: SavedImage,
  contents: Map<Digest, Held>,
  options: SaveOptions,
): Promise<Descriptor> {
  const configBytes = await archive.readDocument(image.Config);
  const config = describe(MediaType.config, configBytes);
  checkConfigName(image.Config, config.digest, archive.where);
  const { rootfs } = parseConfig(configBytes, config, options).value;
  const diffIds = rootfs.diff_ids;
  if (diffIds.length !== image.Layers.length) {
    throw new OciError(
      "invalid-archive",
      `${archive.where}: expected as many layers as ${image.Config} has diffIDs, got ${image.Layers.length} and ${diffIds.length}`,
    );
  }
  contents.set(config.digest, configBytes);
  const layers: Descriptor[] = [];
  for (const [at, name] of image.Layers.entries()) {
    const file = archive.find(name);
    const layer = await describeLayer(archive, file, diffIds[at]!, options);
    contents.set(layer.digest, file);
    layers.push(layer);
  }
  const mediaType = MediaType.manifest;
  const bytes = formatJson({ schemaVersion: 2, mediaType, config, layers });
  const manifest = describe(mediaType, bytes);
  contents.set(manifest.digest, bytes);
  return manifest;
}

function checkConfigName(name: string, digest: Digest, where: string): void {
  const hex = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(name)?.[1];
  if (hex === undefined || digest === digestOf("sha256", hex)) return;
  throw new OciError(
    "digest-mismatch",
    `${where}: ${name}: expected the config of that digest, got ${digest}`,
    { details: { expected: `sha256:${hex}`, got: digest } },
  );
}

/**
 * The digest of a plain layer is its diffID, which every reader verifies. A compressed layer is read to find
 * its digest.
 */
async function describeLayer(
  archive: OuterArchive,
  file: ArchiveFile,
  diffId: DiffId,
  options: SaveOptions,
): Promise<Descriptor> {
  const { size } = file;
  const head = await readAll(
    archive.read({ ...file, size: Math.min(size, 16) }),
    16,
    archive.where,
  );
  const compression = detectCompression(head) ?? "none";
  if (compression === "xz" || compression === "bzip2") {
    throw new OciError(
      "unsupported-compression",
      `${archive.where}: expected layers that are plain or compressed with gzip or zstd, got ${compression}`,
    );
  }
  const mediaType = layerMediaType(compression);
  if (compression === "none") {
    knownAlgorithm(diffId);
    return { mediaType, digest: diffId as string as Digest, size };
  }
  const { limits, signal } = options;
  const what = `${archive.where}: layer ${diffId}`;
  const hasher = createHasher("sha256");
  const seen = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of archive.read(file)) {
      hasher.update(chunk);
      yield chunk;
    }
  };
  await drain(decompressLayer(seen(), compression, diffId, { limits, what, signal }));
  return { mediaType, digest: digestOf("sha256", hasher.hex()), size };
}
