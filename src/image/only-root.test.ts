// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { putImage, putIndex } from "../../test/fixtures/family.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { listDescriptors, onlyRoot } from "./only-root.ts";

describe("onlyRoot", () => {
  it("is the one image, whatever number of tags name it", async () => {
    const store = createMemoryStore();
    const image = await putImage(store, { architecture: "amd64", tag: "a" });
    await store.tag(image, "b");
    expect((await onlyRoot(store)).digest).toBe(image.digest);
  });

  it("counts no image that an index beside it names, as oras lists them", async () => {
    const store = createMemoryStore();
    const images = [
      await putImage(store, { architecture: "amd64" }),
      await putImage(store, { architecture: "arm64" }),
    ];
    for (const image of images) await store.capabilities.addRoot(image);
    const index = await putIndex(store, images, "all");
    expect((await onlyRoot(store)).digest).toBe(index.digest);
  });

  it("lists the images when there are several", async () => {
    const store = createMemoryStore();
    await putImage(store, { architecture: "amd64", tag: "a" });
    await putImage(store, { architecture: "arm64", tag: "b" });
    await expect(onlyRoot(store)).rejects.toMatchObject({
      code: "ambiguous",
      message: expect.stringMatching(/got 2: a \(sha256:.*b \(sha256:/) as string,
    });
  });

  it("says that an empty store is empty", async () => {
    await expect(onlyRoot(createMemoryStore())).rejects.toMatchObject({ code: "not-found" });
  });

  it("asks for a name where a store can't list what it holds", async () => {
    const store = { ...createMemoryStore(), capabilities: {} };
    await expect(onlyRoot(store)).rejects.toMatchObject({ code: "unsupported-operation" });
  });
});

describe("listDescriptors", () => {
  it("counts what is beyond twenty, and escapes what could write to a terminal", async () => {
    const image = await putImage(createMemoryStore(), { architecture: "amd64" });
    const named = { "org.opencontainers.image.ref.name": "a\u001b[2J" };
    const text = listDescriptors(Array(25).fill({ ...image, annotations: named }) as never);
    expect(text).toMatch(/and 5 more$/);
    expect(text).not.toContain("\u001b");
  });
});
