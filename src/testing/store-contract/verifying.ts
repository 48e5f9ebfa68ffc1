// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { isVerified, verify, type VerifiedBytes } from "../../bytes/verify.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { storedContent } from "../../store/read-content.ts";
import type { Declare } from "./contract.ts";
import {
  assertCode,
  assertHolds,
  blob,
  chunked,
  collect,
  flip,
  sourceOf,
} from "./store-content.ts";

/** Bytes from a verified source need not be hashed again. All others must be. */
export function declareVerifying(test: Declare): void {
  test("yields bytes that are marked as verified for the descriptor", async (store) => {
    const { bytes, descriptor } = blob(10_000);
    await store.push(descriptor, sourceOf(bytes));
    const fetched = store.fetch(descriptor);
    assert.equal(isVerified(fetched), true);
    assert.deepEqual([fetched.digest, fetched.size], [descriptor.digest, 10_000]);
  });
  test("accepts the verified content of another store", async (store) => {
    const { bytes, descriptor } = blob(300_000);
    const other = createMemoryStore();
    await other.push(descriptor, sourceOf(bytes));
    await store.push(descriptor, storedContent(other, descriptor));
    await assertHolds(store, descriptor, bytes);
  });
  test("refuses bytes that were verified for another descriptor", async (store) => {
    const { bytes, descriptor } = blob(20_000);
    for (const other of [blob(20_000), blob(10)]) {
      const open = (): VerifiedBytes => verify(chunked(other.bytes, 4_096), other.descriptor);
      await assertCode(store.push(descriptor, { open }), "digest-mismatch", "size-mismatch");
      assert.equal(await store.exists(descriptor), false);
      assert.equal(await store.exists(other.descriptor), false);
    }
    await store.push(descriptor, sourceOf(bytes));
    await assertHolds(store, descriptor, bytes);
  });
  test("refuses bytes whose verification fails at the end", async (store) => {
    const { bytes, descriptor } = blob(200_000);
    const open = (): VerifiedBytes => verify(chunked(flip(bytes), 65_536), descriptor);
    await assertCode(store.push(descriptor, { open }), "digest-mismatch");
    assert.equal(await store.exists(descriptor), false);
  });
  test("refuses verified bytes of which some were already read", async (store) => {
    const { bytes, descriptor } = blob(20_000);
    const begun = verify(chunked(bytes, 4_096), descriptor);
    await begun[Symbol.asyncIterator]().next();
    await assert.rejects(store.push(descriptor, { open: () => begun }));
    assert.equal(await store.exists(descriptor), false);
  });
  test("yields bytes that no longer count as verified once they are changed", async (store) => {
    const { bytes, descriptor } = blob(20_000);
    await store.push(descriptor, sourceOf(bytes));
    const kept = createMemoryStore();
    const open = (): ReturnType<typeof chunked> => changed(store.fetch(descriptor));
    await assertCode(kept.push(descriptor, { open }), "digest-mismatch");
    assert.deepEqual(await collect(store.fetch(descriptor)), bytes);
  });
}

async function* changed(bytes: VerifiedBytes): ReturnType<typeof chunked> {
  for await (const chunk of bytes) yield flip(chunk);
}
