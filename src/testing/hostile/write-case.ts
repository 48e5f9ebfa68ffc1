// SPDX-License-Identifier: MIT
import { closeSync, openSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createHasher } from "../../bytes/hash.ts";
import { makeDirectories } from "../../files/make-directories.ts";
import { MediaType } from "../../oci/media-types.ts";
import { TEST_PLATFORM } from "../build-image.ts";
import type {
  HostileBlob,
  HostileImage,
  HostileLayer,
  JsonObject,
  WrittenLayout,
} from "./hostile-case.ts";

interface Written {
  readonly descriptor: JsonObject;
  readonly path: string;
}

/**
 * Writes an image of the corpus as an OCI layout whose index names only this image, without a tag. Everything
 * that the case does not change is correct. `directory` must not exist yet.
 */
export function writeHostileImage(image: HostileImage, directory: string): WrittenLayout {
  const { damage = {} } = image;
  makeDirectories(join(directory, "blobs", "sha256"));
  const layers = image.layers.map((layer) => writeLayerBlob(directory, toBlob(layer)));
  const config: JsonObject = {
    ...TEST_PLATFORM,
    config: {},
    rootfs: { type: "layers", diff_ids: image.layers.map((layer) => diffIdOf(toBlob(layer))) },
  };
  const configBlob = writeDocument(directory, MediaType.config, (damage.config ?? same)(config));
  const manifest: JsonObject = {
    schemaVersion: 2,
    mediaType: MediaType.manifest,
    config: configBlob.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  };
  const manifestBlob = writeDocument(
    directory,
    MediaType.manifest,
    (damage.manifest ?? same)(manifest),
  );
  const index: JsonObject = {
    schemaVersion: 2,
    mediaType: MediaType.index,
    manifests: [manifestBlob.descriptor],
  };
  writeFileSync(join(directory, "index.json"), toText((damage.index ?? same)(index)));
  writeFileSync(join(directory, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  const written = {
    directory,
    config: configBlob.path,
    manifest: manifestBlob.path,
    layers: layers.map(({ path }) => path),
  };
  damage.directory?.(written);
  return written;
}

function same(document: JsonObject): JsonObject {
  return document;
}

function toBlob(layer: HostileLayer): HostileBlob {
  return layer instanceof Uint8Array ? { blob: () => [layer] } : layer;
}

function toText(document: JsonObject | string | Uint8Array): string | Uint8Array {
  return typeof document === "string" || document instanceof Uint8Array
    ? document
    : JSON.stringify(document);
}

function diffIdOf({ tar, blob }: HostileBlob): string {
  const hasher = createHasher("sha256");
  for (const chunk of (tar ?? blob)()) hasher.update(chunk);
  return `sha256:${hasher.hex()}`;
}

function writeLayerBlob(directory: string, { blob, mediaType }: HostileBlob): Written {
  return writeBlob(directory, mediaType ?? MediaType.layer, blob());
}

function writeDocument(
  directory: string,
  mediaType: string,
  document: JsonObject | string | Uint8Array,
): Written {
  const text = toText(document);
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return writeBlob(directory, mediaType, [bytes]);
}

/** Writes a blob under its digest, which is computed meanwhile, because the blob may be large. */
export function writeBlob(
  directory: string,
  mediaType: string,
  chunks: Iterable<Uint8Array>,
): Written {
  const blobs = join(directory, "blobs", "sha256");
  const temporary = join(blobs, "temporary");
  const hasher = createHasher("sha256");
  let size = 0;
  const fd = openSync(temporary, "w");
  try {
    for (const chunk of chunks) {
      hasher.update(chunk);
      size += chunk.length;
      writeSync(fd, chunk);
    }
  } finally {
    closeSync(fd);
  }
  const hex = hasher.hex();
  const path = join(blobs, hex);
  renameSync(temporary, path);
  return { descriptor: { mediaType, digest: `sha256:${hex}`, size }, path };
}
