// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { putAttestation, putImage, putIndex, recordStore } from "../../test/fixtures/family.ts";
import { OciError } from "../oci/errors.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { isUnchanged, readPublished } from "./published-index.ts";

describe("readPublished", () => {
  it("lists the images of an index without their attestations", async () => {
    const store = createMemoryStore();
    const image = await putImage(store, { architecture: "amd64" });
    await putIndex(store, [image, await putAttestation(store, image)], "latest");
    const published = await readPublished(store, "latest");
    expect(published).toMatchObject({
      state: "present",
      images: [{ digest: image.digest, platform: { architecture: "amd64" } }],
    });
  });

  it("lists a single image with its platform", async () => {
    const store = createMemoryStore();
    await putImage(store, { architecture: "riscv64", tag: "latest" });
    expect(await readPublished(store, "latest")).toMatchObject({
      state: "present",
      images: [{ platform: { architecture: "riscv64" } }],
    });
  });

  it("is absent when the store has no such tag", async () => {
    expect(await readPublished(createMemoryStore(), "latest")).toEqual({ state: "absent" });
  });

  it("is unreadable when the store fails in any other way", async () => {
    const error = new OciError("unreachable", "no route to host");
    const { store } = recordStore(createMemoryStore(), () => error);
    expect(await readPublished(store, "latest")).toEqual({ state: "unreadable", error });
  });

  it("is unreadable, not absent, when the store has lost a child of the index", async () => {
    const store = createMemoryStore();
    const image = await putImage(store, { architecture: "amd64" });
    await putIndex(store, [image], "latest");
    await store.capabilities.remove(image.digest);
    expect(await readPublished(store, "latest")).toMatchObject({
      state: "unreadable",
      error: { code: "not-found" },
    });
  });

  it("stops when aborted", async () => {
    const { store } = recordStore(createMemoryStore(), () => new Error("stopped"));
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(readPublished(store, "latest", { signal })).rejects.toMatchObject({
      code: "aborted",
      cause: { message: "enough" },
    });
  });
});

describe("isUnchanged", () => {
  it("compares digests, and is false for failures", async () => {
    const store = createMemoryStore();
    await putImage(store, { architecture: "amd64", tag: "a" });
    await putImage(store, { architecture: "arm64", tag: "b" });
    const a = await readPublished(store, "a");
    const b = await readPublished(store, "b");
    const unreadable = { state: "unreadable", error: new Error("x") } as const;
    expect(isUnchanged(a, await readPublished(store, "a"))).toBe(true);
    expect(isUnchanged(a, b)).toBe(false);
    expect(isUnchanged(a, { state: "absent" })).toBe(false);
    expect(isUnchanged({ state: "absent" }, { state: "absent" })).toBe(true);
    expect(isUnchanged(unreadable, unreadable)).toBe(false);
  });
});
