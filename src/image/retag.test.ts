// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { putImage, putIndex, recordStore } from "../../test/fixtures/family.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { retag } from "./retag.ts";

describe("retag", () => {
  it("gives the same bytes another tag, and copies no content", async () => {
    const inner = createMemoryStore();
    const image = await putImage(inner, { architecture: "amd64", tag: "builds-1" });
    const { store, calls } = recordStore(inner);
    expect((await retag(store, "builds-1", "app")).digest).toBe(image.digest);
    expect(calls).toEqual(["resolve builds-1", "tag app"]);
    expect((await inner.resolve("app")).digest).toBe(image.digest);
    expect((await inner.resolve("builds-1")).digest).toBe(image.digest);
  });

  it("works with a digest, and with an index", async () => {
    const store = createMemoryStore();
    const image = await putImage(store, { architecture: "amd64", tag: "a" });
    const index = await putIndex(store, [image], "latest-cross");
    await retag(store, image.digest, "by-digest");
    await retag(store, "latest-cross", "latest");
    expect((await store.resolve("by-digest")).digest).toBe(image.digest);
    expect((await store.resolve("latest")).digest).toBe(index.digest);
  });

  it("leaves a tag as it is when the source is not there", async () => {
    const store = createMemoryStore();
    const image = await putImage(store, { architecture: "amd64", tag: "app" });
    await expect(retag(store, "builds-2", "app")).rejects.toMatchObject({ code: "not-found" });
    expect((await store.resolve("app")).digest).toBe(image.digest);
  });

  it("refuses a malformed tag before it asks for anything", async () => {
    const { store, calls } = recordStore(createMemoryStore());
    await expect(retag(store, "a", "../b")).rejects.toMatchObject({ code: "invalid-reference" });
    expect(calls).toEqual([]);
  });
});
