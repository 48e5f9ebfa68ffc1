// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import type { Bytes } from "../../bytes/bytes.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ErrorCode } from "../../oci/errors.ts";
import type { Declare } from "./contract.ts";
import {
  abortingAfter,
  assertCode,
  assertHolds,
  blob,
  chunked,
  collect,
  failing,
  flip,
  lengthen,
  sourceOf,
} from "./store-content.ts";

export function declareRefusing(test: Declare): void {
  const cases: readonly [string, (bytes: Uint8Array) => Bytes, ErrorCode][] = [
    ["other bytes", (bytes) => chunked(flip(bytes), 4_096), "digest-mismatch"],
    ["fewer bytes", (bytes) => chunked(bytes.subarray(1), 4_096), "size-mismatch"],
    ["no bytes", () => chunked(new Uint8Array(), 1), "size-mismatch"],
    ["more bytes", (bytes) => chunked(lengthen(bytes), 4_096), "size-mismatch"],
  ];
  for (const [name, open, code] of cases) {
    test(`refuses ${name}, and keeps nothing of them`, async (store) => {
      const { bytes, descriptor } = blob(20_000);
      await assertCode(store.push(descriptor, { open: () => open(bytes) }), code);
      assert.equal(await store.exists(descriptor), false);
      await store.push(descriptor, sourceOf(bytes));
      await assertHolds(store, descriptor, bytes);
    });
  }
  test("keeps nothing when the source fails", async (store) => {
    const { bytes, descriptor } = blob(20_000);
    await assert.rejects(store.push(descriptor, { open: () => failing(bytes) }));
    assert.equal(await store.exists(descriptor), false);
    await assert.rejects(store.ingest(descriptor.mediaType, failing(bytes)));
    assert.equal(await store.exists(descriptor), false);
  });
  test("stops when aborted, and keeps nothing", async (store) => {
    const { bytes, descriptor } = blob(200_000);
    const controller = new AbortController();
    const open = (): Bytes => abortingAfter(bytes, controller);
    await assert.rejects(store.push(descriptor, { open }, { signal: controller.signal }));
    assert.equal(await store.exists(descriptor), false);
  });
  test("neither stores nor reads content under a digest that it can't verify", async (store) => {
    const { bytes, descriptor } = blob(100);
    const strange = { ...descriptor, digest: "blake3:0123456789abcdef" as Digest };
    await assertCode(store.push(strange, sourceOf(bytes)), "unsupported-algorithm");
    await assertCode(collect(store.fetch(strange)), "unsupported-algorithm");
  });
}
