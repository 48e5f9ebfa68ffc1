// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { putImage, putIndex } from "../../test/fixtures/family.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { listDescriptors, onlyRoot } from "./only-root.ts";

describe("onlyRoot", () => {
  it("finds the only image, however many tags it has", async () => {
    const store = createMemoryStore();
    const image = await putImage(store, { architecture: "amd64", tag: "a" });
    await store.tag(image, "b");
    expect((await onlyRoot(store)).digest).toBe(image.digest);
  });

  it("does not count images of an index, which oras lists beside the index", async () => {
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

  it("refuses an empty store by saying that it is empty", async () => {
    await expect(onlyRoot(createMemoryStore())).rejects.toMatchObject({ code: "not-found" });
  });

  it("asks for a tag when the store can't list its roots", async () => {
    const store = { ...createMemoryStore(), capabilities: {} };
    await expect(onlyRoot(store)).rejects.toMatchObject({ code: "unsupported-operation" });
  });
});

describe("listDescriptors", () => {
  it("gives only the number of those beyond twenty, and escapes control characters", async () => {
    const image = await putImage(createMemoryStore(), { architecture: "amd64" });
    const named = { "org.opencontainers.image.ref.name": "a\u001b[2J" };
    const text = listDescriptors(Array(25).fill({ ...image, annotations: named }) as never);
    expect(text).toMatch(/and 5 more$/);
    expect(text).not.toContain("\u001b");
  });
});
