// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import {
  isConfigType,
  isIndexType,
  isManifestType,
  layerCompression,
  layerMediaType,
  MediaType,
} from "./media-types.ts";

describe("media types", () => {
  it("belong to one kind each, both OCI's and Docker's", () => {
    const kinds = (is: (mediaType: string) => boolean) => Object.values(MediaType).filter(is);
    expect(kinds(isManifestType)).toEqual([MediaType.manifest, MediaType.dockerManifest]);
    expect(kinds(isIndexType)).toEqual([MediaType.index, MediaType.dockerManifestList]);
    expect(kinds(isConfigType)).toEqual([MediaType.config, MediaType.dockerConfig]);
    expect(kinds((type) => layerCompression(type) !== undefined)).toEqual([
      MediaType.layer,
      MediaType.layerGzip,
      MediaType.layerZstd,
      MediaType.dockerLayer,
      MediaType.dockerLayerGzip,
      MediaType.dockerLayerZstd,
    ]);
  });

  it.each(["none", "gzip", "zstd"] as const)("name a %s layer and read it back", (compression) => {
    expect(layerCompression(layerMediaType(compression))).toBe(compression);
  });

  it("tell how Docker's and the deprecated non-distributable layers are compressed", () => {
    expect(layerCompression(MediaType.dockerLayerGzip)).toBe("gzip");
    expect(layerCompression("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")).toBe(
      "gzip",
    );
    expect(layerCompression("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd")).toBe(
      "zstd",
    );
  });

  it.each(["", "constructor", "__proto__", "application/vnd.oci.image.layer.v1.tar+xz"])(
    "do not include %j as a layer",
    (mediaType) => expect(layerCompression(mediaType)).toBeUndefined(),
  );
});

describe("Docker's foreign layers", () => {
  it.each([
    ["", "none"],
    [".gzip", "gzip"],
    [".zstd", "zstd"],
  ])("are layers in each form, as their content may be there (tar%s)", (suffix, compression) => {
    const mediaType = `application/vnd.docker.image.rootfs.foreign.diff.tar${suffix}`;
    expect(layerCompression(mediaType)).toBe(compression);
  });
});
