// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../store/memory-store.ts";
import { buildImage } from "../testing/build-image.ts";
import { findReplaced, removeReplaced } from "./replaced-image.ts";
import { readReusable } from "./reusable-image.ts";

const shared = { "etc/shared": "s" };

describe("an image that is replaced", () => {
  it("is removed with everything that no other image needs", async () => {
    const store = createMemoryStore();
    const old = await buildImage(store, { layers: [shared, { old: "o" }], tag: "latest" });
    const replaced = await findReplaced(store, "latest", {});
    const fresh = await buildImage(store, { layers: [shared, { new: "n" }], tag: "latest" });
    await removeReplaced(store, replaced, {});
    expect(await store.exists(old.descriptor)).toBe(false);
    expect(await store.exists(old.config)).toBe(false);
    expect(await store.exists(old.layers[1]!)).toBe(false);
    expect(await store.exists(old.layers[0]!)).toBe(true);
    expect(await store.exists(fresh.descriptor)).toBe(true);
  });

  it("is removed even if it is damaged, and nothing of it is reused", async () => {
    const store = createMemoryStore();
    const old = await buildImage(store, { layers: [{ old: "o" }], tag: "latest" });
    await store.capabilities.remove(old.config.digest);
    const replaced = await findReplaced(store, "latest", {});
    expect(await readReusable(store, replaced?.descriptor, {})).toBeUndefined();
    await buildImage(store, { layers: [{ new: "n" }], tag: "latest" });
    await removeReplaced(store, replaced, {});
    expect(await store.exists(old.descriptor)).toBe(false);
    expect(await store.exists(old.layers[0]!)).toBe(false);
  });

  it("stays while another tag names it", async () => {
    const store = createMemoryStore();
    const old = await buildImage(store, { layers: [{ old: "o" }], tag: "latest" });
    await store.tag(old.descriptor, "v1");
    const replaced = await findReplaced(store, "latest", {});
    await buildImage(store, { layers: [{ new: "n" }], tag: "latest" });
    await removeReplaced(store, replaced, {});
    expect(await store.exists(old.layers[0]!)).toBe(true);
  });
});
