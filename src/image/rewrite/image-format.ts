// SPDX-License-Identifier: MIT
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { MediaType } from "../../oci/media-types.ts";

/** Whose media types the documents of an image have. */
export type ImageFormat = "oci" | "docker";

export const IMAGE_FORMATS: readonly ImageFormat[] = ["oci", "docker"];

/** Pairs of OCI's and Docker's types for the same bytes. Docker has no layers compressed with zstd. */
const PAIRS: readonly (readonly [oci: string, docker: string])[] = [
  [MediaType.manifest, MediaType.dockerManifest],
  [MediaType.index, MediaType.dockerManifestList],
  [MediaType.config, MediaType.dockerConfig],
  [MediaType.layer, MediaType.dockerLayer],
  [MediaType.layerGzip, MediaType.dockerLayerGzip],
  [
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
  ],
  [
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  ],
];

/** Types that containerd has in Docker's name, though Docker's own specification has not. */
const ONLY_TO_OCI: readonly (readonly [oci: string, docker: string])[] = [
  [MediaType.layerZstd, MediaType.dockerLayerZstd],
  [
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.zstd",
  ],
];

const TO_DOCKER: ReadonlyMap<string, string> = new Map(PAIRS);
const TO_OCI: ReadonlyMap<string, string> = new Map(
  [...PAIRS, ...ONLY_TO_OCI].map(([oci, docker]) => [docker, oci]),
);
const DOCKER: ReadonlySet<string> = new Set(PAIRS.map(([, docker]) => docker));

/** The media type for the same bytes in a format; the type itself if the format has no other for it. */
export function mediaTypeIn(format: ImageFormat, mediaType: string): string {
  return (format === "docker" ? TO_DOCKER : TO_OCI).get(mediaType) ?? mediaType;
}

/** The format that a manifest or an index is in. */
export function formatOf({ mediaType }: Descriptor): ImageFormat {
  return isDockerType(mediaType) ? "docker" : "oci";
}

/** Whether the type is one of Docker's. */
export function isDockerType(mediaType: string): boolean {
  return DOCKER.has(mediaType);
}
