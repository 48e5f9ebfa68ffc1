// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { MediaType } from "../../oci/media-types.ts";
import type { Declare, StoreContract } from "./contract.ts";
import { assertCode, blob, pushManifest } from "./store-content.ts";

export function declareListingAndRemoving(test: Declare, contract: StoreContract): void {
  test("lists its tags sorted", async (store) => {
    const { tags } = store.capabilities;
    if (tags === undefined) return;
    const { manifest } = await pushManifest(store);
    for (const tag of ["b", "c", "a"]) await store.tag(manifest.descriptor, tag);
    assert.deepEqual([...(await tags())], ["a", "b", "c"]);
  });
  test("lists roots with the annotations and platforms they were given", async (store) => {
    const { roots, addRoot } = store.capabilities;
    if (roots === undefined || addRoot === undefined) return;
    const { manifest } = await pushManifest(store);
    const annotated = { ...manifest.descriptor, annotations: { "example.note": "kept" } };
    await addRoot(annotated);
    await addRoot(annotated);
    const [root, ...others] = await roots();
    assert.deepEqual(others, []);
    assert.equal(root?.annotations?.["example.note"], "kept");
    await addRoot(annotated, { inPlaceOf: annotated.digest });
    assert.equal((await roots()).length, 1);
    await store.tag(manifest.descriptor, "named");
    const named = await store.resolve("named");
    assert.equal(named.annotations?.["example.note"], "kept");
    await assertCode(
      addRoot({ ...blob(9).descriptor, mediaType: MediaType.manifest }),
      "not-found",
    );
  });
  test("removes a tag, and keeps its content", async (store) => {
    const { untag } = store.capabilities;
    if (untag === undefined) return;
    const { manifest } = await pushManifest(store);
    await store.tag(manifest.descriptor, "gone");
    if (contract.untag === false) {
      await assertCode(untag("gone"), "unsupported-operation");
      assert.equal((await store.resolve("gone")).digest, manifest.descriptor.digest);
      return;
    }
    await untag("gone");
    await assertCode(store.resolve("gone"), "not-found");
    await assertCode(untag("gone"), "not-found");
    assert.equal(await store.exists(manifest.descriptor), true);
  });
  test("removes content, and can repeat that", async (store) => {
    const { remove } = store.capabilities;
    if (remove === undefined) return;
    const { manifest } = await pushManifest(store);
    await store.tag(manifest.descriptor, "removed");
    await remove(manifest.descriptor.digest);
    await remove(manifest.descriptor.digest);
    assert.equal(await store.exists(manifest.descriptor), false);
    await assertCode(store.resolve("removed"), "not-found");
  });
}
