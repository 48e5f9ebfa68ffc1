// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { MediaType } from "../../oci/media-types.ts";
import { pushTagged } from "../../store/push-tagged.ts";
import type { Declare } from "./contract.ts";
import { assertCode, blob, flip, pushManifest, sourceOf } from "./store-content.ts";

export function declareNaming(test: Declare): void {
  test("resolves a tag and a digest to the manifest", async (store) => {
    const { manifest } = await pushManifest(store);
    await store.tag(manifest.descriptor, "v1");
    for (const reference of ["v1", manifest.descriptor.digest]) {
      const { mediaType, digest, size } = await store.resolve(reference);
      assert.deepEqual({ mediaType, digest, size }, manifest.descriptor);
    }
  });
  test("stores a manifest under a tag in one step, if it can, and verifies it", async (store) => {
    const { manifest } = await pushManifest(store);
    const { descriptor, bytes } = manifest;
    await pushTagged(store, { descriptor, bytes }, "once");
    assert.equal((await store.resolve("once")).digest, descriptor.digest);
    const { pushTagged: inOneStep } = store.capabilities;
    if (inOneStep === undefined) return;
    const wrong = inOneStep(descriptor, sourceOf(flip(bytes)), "wrong");
    await assertCode(wrong, "digest-mismatch");
    await assertCode(store.resolve("wrong"), "not-found");
  });
  test("resolves the digest of an untagged manifest", async (store) => {
    const { manifest } = await pushManifest(store);
    const { mediaType, digest, size } = await store.resolve(manifest.descriptor.digest);
    assert.deepEqual({ mediaType, digest, size }, manifest.descriptor);
  });
  test("moves a tag to another manifest, and lets several tags name one manifest", async (store) => {
    const first = await pushManifest(store);
    const second = await pushManifest(store);
    await store.tag(first.manifest.descriptor, "a");
    await store.tag(first.manifest.descriptor, "b");
    await store.tag(second.manifest.descriptor, "a");
    await store.tag(second.manifest.descriptor, "a");
    assert.equal((await store.resolve("a")).digest, second.manifest.descriptor.digest);
    assert.equal((await store.resolve("b")).digest, first.manifest.descriptor.digest);
  });
  test("sets many tags at the same time", async (store) => {
    const { manifest } = await pushManifest(store);
    const tags = Array.from({ length: 8 }, (_, at) => `t${at}`);
    await Promise.all(tags.map((tag) => store.tag(manifest.descriptor, tag)));
    for (const tag of tags) {
      assert.equal((await store.resolve(tag)).digest, manifest.descriptor.digest);
    }
  });
  test("refuses to tag missing content", async (store) => {
    const { descriptor } = blob(64);
    const missing = { ...descriptor, mediaType: MediaType.manifest };
    await assertCode(store.tag(missing, "missing"), "not-found");
    await assertCode(store.resolve("missing"), "not-found");
  });
}
