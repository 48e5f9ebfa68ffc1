// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import type { Declare } from "./contract.ts";
import { assertCode, assertHolds, blob, collect, sourceOf } from "./store-content.ts";

export function declareReading(test: Declare): void {
  test("reports missing content as not found", async (store) => {
    const { descriptor } = blob(10);
    await assertCode(collect(store.fetch(descriptor)), "not-found");
    await assertCode(store.resolve(descriptor.digest), "not-found");
    await assertCode(store.resolve("no-such-tag"), "not-found");
  });
  test("opens nothing before the first chunk is asked for", async (store) => {
    const { bytes, descriptor } = blob(100);
    const later = store.fetch(descriptor);
    await store.push(descriptor, sourceOf(bytes));
    assert.deepEqual(await collect(later), bytes);
  });
  test("never yields more or less than a descriptor says", async (store) => {
    const { bytes, descriptor } = blob(50_000);
    await store.push(descriptor, sourceOf(bytes));
    for (const size of [49_999, 50_001]) {
      await assertCode(collect(store.fetch({ ...descriptor, size })), "size-mismatch");
    }
  });
  test("yields the same content to many readers at the same time", async (store) => {
    const { bytes, descriptor } = blob(300_000);
    await store.push(descriptor, sourceOf(bytes));
    const reads = Array.from({ length: 6 }, () => collect(store.fetch(descriptor)));
    for (const read of await Promise.all(reads)) assert.deepEqual(read, bytes);
  });
  test("lets readers stop early, many times", async (store) => {
    const { bytes, descriptor } = blob(1_000_000);
    await store.push(descriptor, sourceOf(bytes));
    for (let round = 0; round < 40; round += 1) {
      for await (const chunk of store.fetch(descriptor)) {
        assert.ok(chunk.length > 0);
        break;
      }
    }
    await assertHolds(store, descriptor, bytes);
  });
}
