// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { digestBytes } from "../../bytes/hash.ts";
import { isVerified, verify } from "../../bytes/verify.ts";
import type { Declare } from "./contract.ts";
import { assertCode, blob, collect, pushManifest, sourceOf } from "./store-content.ts";

/** Parts of content, which resuming a download and looking into a large layer depend on. */
export function declareRanges(test: Declare): void {
  test("yields any part of a blob", async (store) => {
    const { bytes, descriptor } = blob(400_000);
    await store.push(descriptor, sourceOf(bytes));
    for (const [offset, length] of [
      [0, 400_000],
      [0, 1],
      [1, 70_000],
      [262_144, 262],
      [399_999, 1],
      [17, 0],
      [400_000, 0],
    ] as const) {
      const part = await collect(store.fetchRange(descriptor, { offset, length }));
      assert.deepEqual(part, bytes.slice(offset, offset + length));
    }
  });
  test("yields the rest of a blob when no length is given", async (store) => {
    const { bytes, descriptor } = blob(300_000);
    await store.push(descriptor, sourceOf(bytes));
    for (const offset of [0, 1, 299_999, 300_000]) {
      assert.deepEqual(
        await collect(store.fetchRange(descriptor, { offset })),
        bytes.slice(offset),
      );
    }
  });
  test("yields a part of a manifest", async (store) => {
    const { manifest } = await pushManifest(store);
    const part = store.fetchRange(manifest.descriptor, { offset: 10, length: 20 });
    assert.deepEqual(await collect(part), manifest.bytes.slice(10, 30));
  });
  test("refuses a part outside the content", async (store) => {
    const { bytes, descriptor } = blob(1_000);
    await store.push(descriptor, sourceOf(bytes));
    for (const [offset, length] of [
      [-1, 1],
      [0.5, 1],
      [1_001, undefined],
      [0, 1_001],
      [1_000, 1],
      [0, -1],
      [NaN, 1],
    ] as const) {
      const part = store.fetchRange(descriptor, { offset, length });
      await assertCode(collect(part), "invalid-argument");
    }
  });
  test("refuses a part of content that has another size than its descriptor says", async (store) => {
    const { bytes, descriptor } = blob(50_000);
    await store.push(descriptor, sourceOf(bytes));
    for (const size of [49_999, 50_001]) {
      const part = store.fetchRange({ ...descriptor, size }, { offset: 10, length: 10 });
      await assertCode(collect(part), "size-mismatch");
    }
  });
  test("reports missing content as not found when a part of it is read", async (store) => {
    const part = store.fetchRange(blob(10).descriptor, { offset: 1 });
    await assertCode(collect(part), "not-found");
  });
  test("yields unverified parts, which their own digest can verify", async (store) => {
    const { bytes, descriptor } = blob(100_000);
    await store.push(descriptor, sourceOf(bytes));
    const range = { offset: 50_000, length: 1_000 };
    const part = (): ReturnType<typeof store.fetchRange> => store.fetchRange(descriptor, range);
    assert.equal(isVerified(part()), false);
    const expected = bytes.slice(50_000, 51_000);
    const verified = verify(part(), { digest: digestBytes(expected), size: 1_000 });
    assert.deepEqual(await collect(verified), expected);
    const wrong = verify(part(), { digest: descriptor.digest, size: 1_000 });
    await assertCode(collect(wrong), "digest-mismatch");
  });
}
