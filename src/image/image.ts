// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Document } from "../oci/documents/document.ts";
import { OciError } from "../oci/errors.ts";
import type { ImageConfig } from "../oci/documents/image-config.ts";
import type { Limits } from "../oci/limits.ts";
import type { Manifest } from "../oci/documents/manifest.ts";
import { isConfigType, isManifestType, layerCompression } from "../oci/media-types.ts";
import { readConfig, readManifest } from "../store/read-documents.ts";
import type { ReadableStore } from "../store/store.ts";

/** One image in a store. Its manifest and configuration have been read, its layers have not. */
export interface Image {
  readonly store: ReadableStore;
  readonly descriptor: Descriptor;
  readonly manifest: Document<Manifest>;
  readonly config: Document<ImageConfig>;
}

export interface ReadOptions extends AbortOptions {
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * Reads the manifest and the configuration of an image, and checks that they agree: the configuration is that
 * of an image, every layer has a known type, and each layer has one diffID.
 * @throws OciError `unsupported-media-type` for an index or an artifact; `invalid-manifest`; what the
 * store throws
 */
export async function readImage(
  store: ReadableStore,
  descriptor: Descriptor,
  options: ReadOptions = {},
): Promise<Image> {
  if (!isManifestType(descriptor.mediaType)) {
    throw notAnImage(store, descriptor, `a ${JSON.stringify(descriptor.mediaType)}`);
  }
  const manifest = await readManifest(store, descriptor, options);
  const { config: configDescriptor, layers } = manifest.value;
  if (!isConfigType(configDescriptor.mediaType)) {
    const type = JSON.stringify(configDescriptor.mediaType);
    throw notAnImage(store, descriptor, `an artifact with a config of type ${type}`);
  }
  for (const [at, layer] of layers.entries()) checkLayer(store, descriptor, layer, at);
  const config = await readConfig(store, configDescriptor, options);
  checkDiffIds(store, descriptor, layers.length, config.value.rootfs.diff_ids.length);
  return { store, descriptor, manifest, config };
}

function notAnImage(store: ReadableStore, descriptor: Descriptor, got: string): OciError {
  return new OciError(
    "unsupported-media-type",
    `${store.name}: expected an image manifest at ${descriptor.digest}, got ${got}`,
    { details: { digest: descriptor.digest, mediaType: descriptor.mediaType } },
  );
}

function checkLayer(store: ReadableStore, image: Descriptor, layer: Descriptor, at: number): void {
  if (layerCompression(layer.mediaType) !== undefined) return;
  throw new OciError(
    "unsupported-media-type",
    `${store.name}: layer ${at} of ${image.digest}: expected a layer's media type, got ${JSON.stringify(layer.mediaType)}`,
    { details: { digest: layer.digest, mediaType: layer.mediaType, layer: at } },
  );
}

function checkDiffIds(
  store: ReadableStore,
  image: Descriptor,
  layers: number,
  diffIds: number,
): void {
  if (layers === diffIds) return;
  throw new OciError(
    "invalid-manifest",
    `${store.name}: image ${image.digest}: expected one diffID a layer, got ${layers} layers and ${diffIds} diffIDs`,
    { details: { digest: image.digest, layers, diffIds } },
  );
}
