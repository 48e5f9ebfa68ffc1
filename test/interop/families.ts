// SPDX-License-Identifier: MIT
import { sourceOf } from "../../src/bytes/bytes.ts";
import { describeImage, makeIndex } from "../../src/image/index-document.ts";
import type { Image } from "../../src/image/image.ts";
import type { Descriptor } from "../../src/oci/documents/descriptor.ts";
import { formatJson } from "../../src/oci/json.ts";
import { MediaType, type Compression } from "../../src/oci/media-types.ts";
import type { Platform } from "../../src/oci/platform.ts";
import type { ContentStore } from "../../src/store/store.ts";
import { pushDocument } from "../../src/testing/build-image.ts";
import { directory, file, makeImage, program, symlink, type Piece } from "../fixtures/layers.ts";

export const ARCHITECTURES = ["amd64", "arm64", "riscv64"] as const;

export const PLATFORMS: readonly Platform[] = ARCHITECTURES.map((architecture) => ({
  os: "linux",
  architecture,
}));

/** Three images under an index. */
export interface Family {
  readonly index: Descriptor;
  readonly images: readonly Image[];
}

/** The layers of a small image. The first layer is the same for all architectures. */
export function familyLayers(architecture: string): Piece[][] {
  return [
    [
      directory("./"),
      directory("etc/"),
      file("etc/os-release", "ID=test\n"),
      directory("usr/"),
      directory("usr/bin/"),
    ],
    [program("usr/bin/cc", `cc of ${architecture}\n`), symlink("usr/bin/c++", "cc")],
  ];
}

/** Writes three images, tagged by architecture, and their index, tagged `family`, into a store. */
export async function writeFamily(
  store: ContentStore,
  compression: Compression = "gzip",
): Promise<Family> {
  const images: Image[] = [];
  for (const architecture of ARCHITECTURES) {
    const environment = ["PATH=/usr/bin"];
    const parts = { architecture, compression, environment, store, tag: architecture };
    images.push(await makeImage(familyLayers(architecture), parts));
  }
  const index = makeIndex(images.map(describeImage));
  await store.push(index.descriptor, sourceOf(index.bytes));
  await store.tag(index.descriptor, "family");
  return { index: index.descriptor, images };
}

/** Attaches a small artifact to a manifest as a referrer, as signatures are. */
export async function attach(store: ContentStore, subject: Descriptor): Promise<Descriptor> {
  const bytes = formatJson({ signed: subject.digest });
  const empty = await pushDocument(store, "application/vnd.oci.empty.v1+json", {});
  const layer = await store.ingest("application/json", sourceOf(bytes).open());
  return pushDocument(store, MediaType.manifest, {
    schemaVersion: 2,
    mediaType: MediaType.manifest,
    artifactType: "application/vnd.example.signature",
    config: empty,
    layers: [layer],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
  });
}
