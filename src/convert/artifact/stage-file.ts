// SPDX-License-Identifier: MIT
import { closeSync, fsyncSync, lstatSync, mkdirSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { AbortOptions } from "../../bytes/bytes.ts";
import { decompress } from "../../bytes/compression.ts";
import { createHasher } from "../../bytes/hash.ts";
import { writeWhole } from "../../files/regular-file.ts";
import { writing } from "../../files/system-error.ts";
import { makeConfig, makeManifest } from "../../image/edit/image-document.ts";
import type { Image } from "../../image/image.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import { diffIdOf, digestOf, isDigest, type DiffId } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { OciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import { layerCompression, MediaType } from "../../oci/media-types.ts";
import { quote } from "../../oci/quote.ts";
import type { ReadableStore } from "../../store/store.ts";
import { unpack } from "../unpack/unpack.ts";
import type { TitledLayer } from "./file-titles.ts";

export interface StageOptions extends AbortOptions {
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * Writes the content of a layer, verified and on the disk, to a place that nobody else uses.
 * @param place a path that does not exist yet, and becomes the file, or a directory with what was unpacked
 * @returns the path of the file or directory that the title is for
 * @throws OciError `path-escape` for a tar with anything beside its title; what reading and writing throw
 */
export async function stageFile(
  store: ReadableStore,
  layer: TitledLayer,
  place: string,
  options: StageOptions,
): Promise<string> {
  if (layer.isDirectory) return stageDirectory(store, layer, place, options);
  const fd = writing(place, () => openSync(place, "wx", 0o666));
  try {
    for await (const chunk of store.fetch(layer.descriptor, options)) {
      writing(place, () => writeWhole(fd, chunk));
    }
    writing(place, () => fsyncSync(fd));
  } finally {
    closeSync(fd);
  }
  return place;
}

async function stageDirectory(
  store: ReadableStore,
  layer: TitledLayer,
  place: string,
  options: StageOptions,
): Promise<string> {
  writing(place, () => mkdirSync(place, { mode: 0o700 }));
  const root = join(place, "root");
  const image = await imageOfTar(store, layer.descriptor, options);
  const sidecar = join(place, "sidecar");
  await unpack(image, root, { ...options, sidecar, sameOwner: false });
  return onlyPath(root, layer.title);
}

/** Goes down to the title, beside which there may be nothing. */
function onlyPath(root: string, title: string): string {
  let path = root;
  for (const part of title.split("/")) {
    const names = readdirSync(path);
    if (names.length !== 1 || names[0] !== part) {
      const got = names.find((name) => name !== part);
      throw new OciError(
        "path-escape",
        `artifact: the tar of ${quote(title)}: expected nothing but that directory, got ${quote(got ?? "an empty tar")}`,
        { details: { title } },
      );
    }
    path = join(path, part);
    if (lstatSync(path).isDirectory()) continue;
    throw new OciError(
      "path-escape",
      `artifact: the tar of ${quote(title)}: expected a directory, got something else`,
      { details: { title } },
    );
  }
  return path;
}

/** The tar as the only layer of an image, so that it is unpacked as safely as any. */
async function imageOfTar(
  store: ReadableStore,
  { annotations, ...descriptor }: Descriptor,
  options: StageOptions,
): Promise<Image> {
  const isLayer = layerCompression(descriptor.mediaType) !== undefined;
  const layer = isLayer ? descriptor : { ...descriptor, mediaType: MediaType.layerGzip };
  const said = annotations?.[AnnotationKey.unpackedDigest] ?? "";
  const diffId = isDigest(said) ? diffIdOf(said) : await readDiffId(store, layer, options);
  const config = makeConfig({
    architecture: "unknown",
    os: "unknown",
    rootfs: { type: "layers", diff_ids: [diffId] },
  });
  const manifest = makeManifest({ config: config.descriptor, layers: [layer] });
  return { store, descriptor: manifest.descriptor, manifest, config };
}

async function readDiffId(
  store: ReadableStore,
  layer: Descriptor,
  { limits, signal }: StageOptions,
): Promise<DiffId> {
  const hasher = createHasher("sha256");
  const compression = layerCompression(layer.mediaType)!;
  const what = `${store.name}: ${layer.digest}`;
  const tar = decompress(store.fetch(layer, { signal }), compression, { limits, signal, what });
  for await (const chunk of tar) hasher.update(chunk);
  return diffIdOf(digestOf("sha256", hasher.hex()));
}
