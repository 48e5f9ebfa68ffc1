// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { putImage, putText } from "../../test/fixtures/family.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { MediaType } from "../oci/media-types.ts";
import { parseIndex, parseManifest } from "../oci/documents/parse-documents.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { makeManifest } from "./edit/image-document.ts";
import { readImage } from "./image.ts";
import { describeImage, makeIndex } from "./index-document.ts";

describe("makeIndex", () => {
  it("holds the children with their platforms in the given order, and can be read back", async () => {
    const store = createMemoryStore();
    const children: Descriptor[] = [];
    for (const architecture of ["riscv64", "amd64"]) {
      const image = await readImage(store, await putImage(store, { architecture }));
      children.push(describeImage(image));
    }
    const { bytes, descriptor } = makeIndex(children, { annotations: { b: "2", a: "1" } });
    const { value } = parseIndex(bytes, descriptor);
    expect(value.manifests).toEqual(children);
    expect(value.mediaType).toBe(MediaType.index);
    expect(value.manifests.map((child) => child.platform?.architecture)).toEqual([
      "riscv64",
      "amd64",
    ]);
    expect(Object.keys(value.annotations ?? {})).toEqual(["a", "b"]);
  });

  it("gives the same bytes however the descriptors' keys are ordered", async () => {
    const store = createMemoryStore();
    const { mediaType, digest, size } = await putImage(store, { architecture: "arm" });
    const one = {
      mediaType,
      digest,
      size,
      platform: { architecture: "arm", os: "linux", "os.version": "1", variant: "v7" },
      annotations: { a: "1", b: "2" },
      artifactType: "t/x",
      "x.unknown": 1,
    };
    const other = {
      "x.unknown": 1,
      artifactType: "t/x",
      annotations: { b: "2", a: "1" },
      platform: { variant: "v7", "os.version": "1", os: "linux", architecture: "arm" },
      size,
      digest,
      mediaType,
    };
    expect(makeIndex([one]).descriptor).toEqual(makeIndex([other]).descriptor);
    expect(new TextDecoder().decode(makeIndex([one]).bytes)).toContain('"x.unknown":1');
  });
});

describe("describeImage", () => {
  it("leaves out the annotations with names in a layout", async () => {
    const store = createMemoryStore();
    const descriptor = await putImage(store, { architecture: "amd64", tag: "latest" });
    const found = await store.resolve("latest");
    expect(found.annotations).toBeDefined();
    expect(describeImage(await readImage(store, found))).toEqual({
      ...descriptor,
      platform: { architecture: "amd64", os: "linux" },
    });
  });
});

describe("makeManifest", () => {
  it("gives Docker's layers OCI media types, and keeps their digests", async () => {
    const store = createMemoryStore();
    const config = await putText(store, MediaType.config, "{}");
    const layer = await putText(store, MediaType.dockerLayerGzip, "layer");
    const foreign = await putText(
      store,
      "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
      "foreign",
    );
    const { bytes, descriptor } = makeManifest({ config, layers: [layer, foreign] });
    const { value } = parseManifest(bytes, descriptor);
    expect(value.layers).toEqual([{ ...layer, mediaType: MediaType.layerGzip }, foreign]);
    expect(new TextDecoder().decode(bytes)).not.toContain("annotations");
  });
});
