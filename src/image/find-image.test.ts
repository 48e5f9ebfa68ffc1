// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { put, putAttestation, putImage, putIndex, putText } from "../../test/fixtures/family.ts";
import { MediaType } from "../oci/media-types.ts";
import { parsePlatform } from "../oci/platform.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { findImage, isSamePlatform } from "./find-image.ts";
import { makeManifest } from "./edit/image-document.ts";
import { listImages } from "./list-images.ts";

async function family() {
  const store = createMemoryStore({ name: "family" });
  const amd64 = await putImage(store, { architecture: "amd64" });
  const arm64 = await putImage(store, { architecture: "arm64", variant: "v8" });
  const attestation = await putAttestation(store, amd64);
  const index = await putIndex(store, [
    { ...amd64, platform: parsePlatform("amd64") },
    arm64,
    attestation,
  ]);
  return { store, amd64, arm64, attestation, index };
}

describe("listImages", () => {
  it("keeps images, attestations and artifacts apart", async () => {
    const { store, amd64, arm64, attestation } = await family();
    const config = await putText(store, MediaType.empty, "{}");
    const artifact = await put(store, makeManifest({ config, layers: [] }));
    const text = await putText(store, "text/plain", "note");
    const root = await putIndex(store, [amd64, arm64, attestation, artifact, text]);
    const listing = await listImages(store, root);
    expect(listing.images.map((image) => image.digest)).toEqual([amd64.digest, arm64.digest]);
    expect(listing.images[1]?.platform).toMatchObject({ architecture: "arm64", variant: "v8" });
    expect(listing.attestations.map((one) => one.digest)).toEqual([attestation.digest]);
    expect(listing.others.map((one) => one.digest)).toEqual([artifact.digest, text.digest]);
  });

  it("opens indexes in indexes, and lists shared images only once", async () => {
    const { store, index, amd64, arm64 } = await family();
    const outer = await putIndex(store, [index, index]);
    const { images } = await listImages(store, outer);
    expect(images.map((image) => image.digest)).toEqual([amd64.digest, arm64.digest]);
  });

  it("refuses indexes nested deeper than the limit", async () => {
    const { store, index } = await family();
    const outer = await putIndex(store, [await putIndex(store, [index])]);
    await expect(listImages(store, outer, { limits: { indexDepth: 2 } })).rejects.toMatchObject({
      code: "limit-exceeded",
    });
    await expect(listImages(store, outer, { limits: { indexDepth: 3 } })).resolves.toBeDefined();
  });

  it("refuses more children than the limit, even if they are spread over several indexes", async () => {
    const { store, index } = await family();
    const other = await putIndex(store, [await putImage(store, { architecture: "riscv64" })]);
    const outer = await putIndex(store, [index, other]);
    await expect(listImages(store, outer, { limits: { children: 5 } })).rejects.toMatchObject({
      code: "limit-exceeded",
    });
    await expect(listImages(store, outer, { limits: { children: 6 } })).resolves.toBeDefined();
  });

  it("lists a single image with the platform of its configuration", async () => {
    const { store, arm64 } = await family();
    const { images } = await listImages(store, arm64);
    expect(images[0]?.platform).toEqual({ architecture: "arm64", os: "linux", variant: "v8" });
  });
});

describe("findImage", () => {
  it("finds the child for a platform, however the platform is written", async () => {
    const { store, index, arm64 } = await family();
    for (const text of ["arm64", "linux/arm64/v8", "linux/aarch64"]) {
      expect((await findImage(store, index, parsePlatform(text))).digest).toBe(arm64.digest);
    }
  });

  it("takes the only image of an index that has attestations beside it", async () => {
    const { store, amd64, attestation } = await family();
    const index = await putIndex(store, [attestation, amd64]);
    expect((await findImage(store, index, undefined)).digest).toBe(amd64.digest);
  });

  it("lists the images when several could be meant", async () => {
    const { store, index } = await family();
    await expect(findImage(store, index, undefined)).rejects.toMatchObject({
      code: "ambiguous",
      message: expect.stringMatching(/linux\/amd64 .*linux\/arm64\/v8/) as string,
      hint: expect.stringContaining("--platform") as string,
    });
  });

  it("lists the images when none is for the platform", async () => {
    const { store, index } = await family();
    await expect(findImage(store, index, parsePlatform("riscv64"))).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringMatching(/linux\/riscv64 .*linux\/amd64/) as string,
    });
  });

  it("finds no image in an index of only attestations", async () => {
    const { store, attestation } = await family();
    const index = await putIndex(store, [attestation]);
    await expect(findImage(store, index, undefined)).rejects.toMatchObject({ code: "not-found" });
  });

  it("refuses a single image of another platform", async () => {
    const { store, amd64 } = await family();
    expect(await findImage(store, amd64, undefined)).toBe(amd64);
    expect((await findImage(store, amd64, parsePlatform("amd64"))).digest).toBe(amd64.digest);
    await expect(findImage(store, amd64, parsePlatform("arm64"))).rejects.toMatchObject({
      code: "not-found",
      hint: expect.stringContaining("--platform") as string,
    });
  });

  it("refuses two images of one platform", async () => {
    const { store, amd64 } = await family();
    const other = await putImage(store, { architecture: "amd64", content: "other" });
    const index = await putIndex(store, [amd64, other]);
    await expect(findImage(store, index, parsePlatform("amd64"))).rejects.toMatchObject({
      code: "ambiguous",
    });
  });
});

describe("isSamePlatform", () => {
  it("compares platforms, not their spellings", () => {
    const arm64 = { os: "linux", architecture: "arm64" };
    expect(isSamePlatform(arm64, { ...arm64, variant: "v8" })).toBe(true);
    expect(isSamePlatform(arm64, { ...arm64, variant: "v9" })).toBe(false);
    expect(isSamePlatform(arm64, { ...arm64, os: "windows" })).toBe(false);
  });
});
