// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { digestBytes } from "../../bytes/hash.ts";
import { MediaType } from "../../oci/media-types.ts";
import type { Declare, StoreContract } from "./contract.ts";
import {
  assertCode,
  assertHolds,
  blob,
  chunked,
  pushManifest,
  reusedChunks,
  sourceOf,
} from "./store-content.ts";

export function declareKeeping(test: Declare, contract: StoreContract): void {
  for (const size of [0, 1, 65_536, 1_048_577]) {
    test(`returns the ${size} bytes that were pushed`, async (store) => {
      const { bytes, descriptor } = blob(size);
      assert.equal(await store.exists(descriptor), false);
      await store.push(descriptor, sourceOf(bytes));
      assert.equal(await store.exists(descriptor), true);
      await assertHolds(store, descriptor, bytes);
    });
  }
  test("copies chunks whose buffer the source reuses", async (store) => {
    const { bytes, descriptor } = blob(300_000);
    await store.push(descriptor, { open: () => reusedChunks(bytes, 7_001) });
    await assertHolds(store, descriptor, bytes);
  });
  test("accepts the same content repeatedly", async (store) => {
    const { bytes, descriptor } = blob(5_000);
    await store.push(descriptor, sourceOf(bytes));
    await store.push(descriptor, sourceOf(bytes));
    await assertHolds(store, descriptor, bytes);
  });
  test("accepts the same content from many callers at the same time", async (store) => {
    const { bytes, descriptor } = blob(200_000);
    const pushes = Array.from({ length: 8 }, () => store.push(descriptor, sourceOf(bytes)));
    await Promise.all(pushes);
    await assertHolds(store, descriptor, bytes);
  });
  test("returns the digest and size of ingested content", async (store) => {
    const { bytes } = blob(100_000);
    const descriptor = await store.ingest(MediaType.layer, reusedChunks(bytes, 10_000));
    assert.deepEqual(
      { ...descriptor },
      { mediaType: MediaType.layer, digest: digestBytes(bytes), size: bytes.length },
    );
    await assertHolds(store, descriptor, bytes);
  });
  test("ingests content that it already holds", async (store) => {
    const { bytes, descriptor } = blob(10_000);
    await store.push(descriptor, sourceOf(bytes));
    assert.equal((await store.ingest("x/y", chunked(bytes, 999))).digest, descriptor.digest);
    await assertHolds(store, descriptor, bytes);
  });
  test("keeps content until it is opened again", async (store, fixture) => {
    if (fixture.reread === undefined) return;
    const { manifest, content } = await pushManifest(store);
    await store.tag(manifest.descriptor, "kept");
    const again = await fixture.reread();
    try {
      assert.equal((await again.store.resolve("kept")).digest, manifest.descriptor.digest);
      for (const piece of content) await assertHolds(again.store, piece.descriptor, piece.bytes);
    } finally {
      await again.close();
    }
  });
  if (contract.sha512 === false) return;
  test("keeps content named by sha512", async (store) => {
    const { bytes } = blob(10_000);
    const digest = digestBytes(bytes, "sha512");
    const descriptor = { mediaType: MediaType.octetStream, digest, size: bytes.length };
    await store.push(descriptor, sourceOf(bytes));
    await assertHolds(store, descriptor, bytes);
    const flipped = { ...descriptor, digest: digestBytes(blob(1).bytes, "sha512") };
    await assertCode(store.push(flipped, sourceOf(bytes)), "digest-mismatch");
  });
}
