// SPDX-License-Identifier: MIT
import { describe } from "../../bytes/describe-content.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Document } from "../../oci/documents/document.ts";
import type { ImageConfig } from "../../oci/documents/image-config.ts";
import { formatJson } from "../../oci/json.ts";
import { parseConfig, parseManifest } from "../../oci/documents/parse-documents.ts";
import type { Manifest } from "../../oci/documents/manifest.ts";
import { MediaType, layerCompression, layerMediaType } from "../../oci/media-types.ts";

/** What a new manifest refers to. */
export interface ManifestParts {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

const RENAMED: ReadonlySet<string> = new Set([
  MediaType.dockerLayer,
  MediaType.dockerLayerGzip,
  MediaType.dockerLayerZstd,
]);

/**
 * Makes an OCI manifest. Layers of Docker's media types get the OCI types for the same bytes, since a
 * manifest must not mix the two.
 * @throws OciError as {@link parseManifest}, for what could not be read again
 */
export function makeManifest(parts: ManifestParts): Document<Manifest> {
  const value: Manifest = {
    schemaVersion: 2,
    mediaType: MediaType.manifest,
    config: parts.config,
    layers: parts.layers.map(inOciTerms),
    subject: parts.subject,
    annotations: parts.annotations,
  };
  const bytes = formatJson(value);
  return parseManifest(bytes, describe(MediaType.manifest, bytes));
}

/**
 * Makes an OCI image configuration, its keys in the order given.
 * @throws OciError as {@link parseConfig}, for what would not be read again
 */
export function makeConfig(config: ImageConfig): Document<ImageConfig> {
  const bytes = formatJson(config);
  return parseConfig(bytes, describe(MediaType.config, bytes));
}

/** The descriptor of a layer, with the OCI media type in place of Docker's type for the same bytes. */
export function inOciTerms(layer: Descriptor): Descriptor {
  const compression = layerCompression(layer.mediaType);
  if (compression === undefined || !RENAMED.has(layer.mediaType)) return layer;
  return { ...layer, mediaType: layerMediaType(compression) };
}
