// SPDX-License-Identifier: MIT
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Digest } from "../../oci/digest.ts";
import { openLayout } from "../../store/layout/layout.ts";
import type { ContentStore } from "../../store/store.ts";
import { removeTree } from "../../files/remove-tree.ts";
import {
  buildImage,
  buildIndex,
  TEST_PLATFORM,
  type BuiltImage,
} from "../../testing/build-image.ts";
import { openConversions, type Conversions } from "./conversions.ts";

const ARM = { architecture: "arm64", os: "linux" };

let place: string;
let layout: string;
let store: Conversions;
let content: ContentStore;
let index: Digest;
let amd: BuiltImage;
let arm: BuiltImage;

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), "oci-kit-converted-"));
  layout = join(place, "layout");
  content = await openLayout(layout, { create: true });
  amd = await buildImage(content, { layers: [{ file: "amd64" }] });
  arm = await buildImage(content, { layers: [{ file: "arm64" }], platform: ARM });
  index = (await buildIndex(content, [amd, arm], { tag: "latest" })).digest;
  store = openConversions(join(place, "store"));
});
afterEach(() => removeTree(place));

async function contentOf(name: string): Promise<string> {
  const { rootfs } = await store.resolve(name);
  return readFileSync(join(rootfs, "file"), "utf8");
}

describe("converting a reference", () => {
  it("takes the image for the platform from an index", async () => {
    const found = await store.convert(`oci:${layout}:latest`, ["arm"], { platform: ARM });
    expect(found.digest).toBe(arm.descriptor.digest);
    expect(await contentOf("arm")).toBe("arm64");
    await expect(store.convert(`oci:${layout}:latest`, ["any"])).rejects.toMatchObject({
      code: "ambiguous",
    });
    // requested by its own digest, it is the same image
    const again = await store.convert(`oci:${layout}@${arm.descriptor.digest}`, ["again"]);
    expect(again).toEqual({ ...found, converted: false });
  });

  it("asks no registry for an image that is named by its digest and already converted", async () => {
    const pinned = `oci:${layout}@${amd.descriptor.digest}`;
    const found = await store.convert(pinned, ["one"]);
    rmSync(layout, { recursive: true });
    expect(await store.convert(pinned, ["two"])).toEqual({ ...found, converted: false });
    const same = { platform: TEST_PLATFORM };
    expect(await store.convert(pinned, ["three"], same)).toEqual({ ...found, converted: false });
    for (const name of ["one", "two", "three"]) expect(await contentOf(name)).toBe("amd64");
  });

  it("reports that an image named by its digest is for another platform, converted already or not", async () => {
    const pinned = `oci:${layout}@${amd.descriptor.digest}`;
    const wrong = { code: "not-found" };
    await expect(store.convert(pinned, ["a"], { platform: ARM })).rejects.toMatchObject(wrong);
    await store.convert(pinned, []);
    await expect(store.convert(pinned, ["a"], { platform: ARM })).rejects.toMatchObject(wrong);
    expect((await store.list()).names).toEqual([]);
  });

  it("looks into an index that is named by its digest", async () => {
    const pinned = `oci:${layout}@${index}`;
    for (const built of [amd, arm]) {
      const { platform, digest } = built.descriptor;
      expect((await store.convert(pinned, [], { platform })).digest).toBe(digest);
    }
    await expect(store.convert(pinned, [])).rejects.toMatchObject({ code: "ambiguous" });
  });

  it("follows a tag that moved", async () => {
    await content.tag(amd.descriptor, "moving");
    await store.convert(`oci:${layout}:moving`, ["name"]);
    await content.tag(arm.descriptor, "moving");
    const moved = await store.convert({ kind: "oci", directory: layout, tag: "moving" }, ["name"]);
    expect(moved.converted).toBe(true);
    expect(await contentOf("name")).toBe("arm64");
    const { conversions } = await store.list();
    expect(conversions.map(({ names }) => names.length).sort()).toEqual([0, 1]);
    expect(conversions.map(({ image }) => image?.name)).toEqual([
      `oci:${layout}:moving`,
      `oci:${layout}:moving`,
    ]);
  });

  it("fails with the same error as the reference itself", async () => {
    await expect(store.convert(`oci:${layout}:none`, ["a"])).rejects.toMatchObject({
      code: "not-found",
    });
    await expect(store.convert("nothing", ["a"])).rejects.toMatchObject({
      code: "invalid-reference",
    });
    expect((await store.list()).names).toEqual([]);
  });
});
