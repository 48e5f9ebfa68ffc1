// SPDX-License-Identifier: MIT

/** The media types of image documents and layers, OCI's (image-spec, media-types.md) and Docker's. */
export const MediaType = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
  layerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  layerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  empty: "application/vnd.oci.empty.v1+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerManifestList: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayer: "application/vnd.docker.image.rootfs.diff.tar",
  dockerLayerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  dockerLayerZstd: "application/vnd.docker.image.rootfs.diff.tar.zstd",
  octetStream: "application/octet-stream",
} as const;

const LAYERS: Readonly<Record<string, Compression>> = {
  [MediaType.layer]: "none",
  [MediaType.layerGzip]: "gzip",
  [MediaType.layerZstd]: "zstd",
  [MediaType.dockerLayer]: "none",
  [MediaType.dockerLayerGzip]: "gzip",
  [MediaType.dockerLayerZstd]: "zstd",
  // "Non-distributable" layers of image-spec 1.0: deprecated, but still found in Windows base images.
  "application/vnd.oci.image.layer.nondistributable.v1.tar": "none",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip": "gzip",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd": "zstd",
  "application/vnd.docker.image.rootfs.foreign.diff.tar": "none",
  "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip": "gzip",
  "application/vnd.docker.image.rootfs.foreign.diff.tar.zstd": "zstd",
};

// RFC 6838, section 4.2, plus parameters, which the media types of some artifacts have.
const MEDIA_TYPE =
  /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}( *;[ -~]{1,127})?$/;

/** Whether the text is a media type, known or not. */
export function isMediaType(text: string): boolean {
  return MEDIA_TYPE.test(text);
}

/** How a layer's tar is compressed. */
export type Compression = "none" | "gzip" | "zstd";

/** Whether the media type is an image manifest, OCI's or Docker's. */
export function isManifestType(mediaType: string): boolean {
  return mediaType === MediaType.manifest || mediaType === MediaType.dockerManifest;
}

/** Whether the media type is an index of manifests, OCI's or Docker's. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === MediaType.index || mediaType === MediaType.dockerManifestList;
}

/** Whether the media type is an image configuration, OCI's or Docker's. */
export function isConfigType(mediaType: string): boolean {
  return mediaType === MediaType.config || mediaType === MediaType.dockerConfig;
}

/** How a layer of this media type is compressed; undefined when the type is not a layer's. */
export function layerCompression(mediaType: string): Compression | undefined {
  return Object.hasOwn(LAYERS, mediaType) ? LAYERS[mediaType] : undefined;
}

/** The OCI media type of a layer with this compression. */
export function layerMediaType(compression: Compression): string {
  switch (compression) {
    case "none":
      return MediaType.layer;
    case "gzip":
      return MediaType.layerGzip;
    case "zstd":
      return MediaType.layerZstd;
  }
}
