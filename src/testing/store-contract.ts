// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import type { Bytes } from "../bytes/bytes.ts";
import { digestBytes } from "../bytes/hash.ts";
import type { Digest } from "../oci/digest.ts";
import type { ErrorCode } from "../oci/errors.ts";
import { MediaType } from "../oci/media-types.ts";
import type { ContentStore, ReadableStore } from "../store/store.ts";
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
  pushManifest,
  reusedChunks,
  sourceOf,
} from "./store-content.ts";

/** What the suite needs of a test runner: vitest, jest, mocha and node:test all have it. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

/** An empty store of the kind under test. */
export interface StoreFixture {
  readonly store: ContentStore;
  /** Frees what {@link StoreContract.open} took; called once, at the end of each test. */
  close(): Promise<void>;
  /** The same content through a new store, after whatever completes it: for what must last. */
  reread?(): Promise<{ readonly store: ReadableStore; close(): Promise<void> }>;
}

/** A kind of store, and what it can't do. */
export interface StoreContract {
  readonly name: string;
  open(): Promise<StoreFixture>;
  /** Whether content may be named by sha512. True unless told. */
  readonly sha512?: boolean | undefined;
  /** Whether the far side lets a tag go without its content, as some registries do not. True unless told. */
  readonly untag?: boolean | undefined;
}

/**
 * Declares the tests that every content store must pass: that what is pushed is what is fetched, that
 * nothing unverified ever becomes visible, that everything can be repeated and done at once.
 */
export function contentStoreSuite(runner: TestRunner, contract: StoreContract): void {
  const test: Declare = (name, body) =>
    runner.it(name, async () => {
      const fixture = await contract.open();
      try {
        await body(fixture.store, fixture);
      } finally {
        await fixture.close();
      }
    });
  runner.describe(`content store: ${contract.name}`, () => {
    runner.describe("keeps content", () => declareKeeping(test, contract));
    runner.describe("refuses what is not what it should be", () => declareRefusals(test));
    runner.describe("reads", () => declareReading(test));
    runner.describe("names content", () => declareNaming(test));
    runner.describe("lists and removes, where it can", () => declareCapabilities(test, contract));
  });
}

type Declare = (
  name: string,
  body: (store: ContentStore, fixture: StoreFixture) => Promise<void>,
) => void;

function declareKeeping(test: Declare, contract: StoreContract): void {
  for (const size of [0, 1, 65_536, 1_048_577]) {
    test(`gives back the ${size} bytes that were pushed`, async (store) => {
      const { bytes, descriptor } = blob(size);
      assert.equal(await store.exists(descriptor), false);
      await store.push(descriptor, sourceOf(bytes));
      assert.equal(await store.exists(descriptor), true);
      await assertHolds(store, descriptor, bytes);
    });
  }
  test("copies chunks that their producer uses again", async (store) => {
    const { bytes, descriptor } = blob(300_000);
    await store.push(descriptor, { open: () => reusedChunks(bytes, 7_001) });
    await assertHolds(store, descriptor, bytes);
  });
  test("takes content as often as it is pushed", async (store) => {
    const { bytes, descriptor } = blob(5_000);
    await store.push(descriptor, sourceOf(bytes));
    await store.push(descriptor, sourceOf(bytes));
    await assertHolds(store, descriptor, bytes);
  });
  test("takes the same content from many at once", async (store) => {
    const { bytes, descriptor } = blob(200_000);
    const pushes = Array.from({ length: 8 }, () => store.push(descriptor, sourceOf(bytes)));
    await Promise.all(pushes);
    await assertHolds(store, descriptor, bytes);
  });
  test("says the digest and size of what it ingests", async (store) => {
    const { bytes } = blob(100_000);
    const descriptor = await store.ingest(MediaType.layer, reusedChunks(bytes, 10_000));
    assert.deepEqual(
      { ...descriptor },
      { mediaType: MediaType.layer, digest: digestBytes(bytes), size: bytes.length },
    );
    await assertHolds(store, descriptor, bytes);
  });
  test("ingests what it already holds", async (store) => {
    const { bytes, descriptor } = blob(10_000);
    await store.push(descriptor, sourceOf(bytes));
    assert.equal((await store.ingest("x/y", chunked(bytes, 999))).digest, descriptor.digest);
    await assertHolds(store, descriptor, bytes);
  });
  test("keeps content for whoever opens it next", async (store, fixture) => {
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

function declareRefusals(test: Declare): void {
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
  test("keeps nothing of a source that fails", async (store) => {
    const { bytes, descriptor } = blob(20_000);
    await assert.rejects(store.push(descriptor, { open: () => failing(bytes) }));
    assert.equal(await store.exists(descriptor), false);
    await assert.rejects(store.ingest(descriptor.mediaType, failing(bytes)));
    assert.equal(await store.exists(descriptor), false);
  });
  test("stops when it is told to, and keeps nothing", async (store) => {
    const { bytes, descriptor } = blob(200_000);
    const controller = new AbortController();
    const open = (): Bytes => abortingAfter(bytes, controller);
    await assert.rejects(store.push(descriptor, { open }, { signal: controller.signal }));
    assert.equal(await store.exists(descriptor), false);
  });
  test("never stores or reads under a digest that it can't verify", async (store) => {
    const { bytes, descriptor } = blob(100);
    const strange = { ...descriptor, digest: "blake3:0123456789abcdef" as Digest };
    await assertCode(store.push(strange, sourceOf(bytes)), "unsupported-algorithm");
    await assertCode(collect(store.fetch(strange)), "unsupported-algorithm");
  });
}

function declareReading(test: Declare): void {
  test("says what it does not have", async (store) => {
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
  test("starts where it is told to", async (store) => {
    const { bytes, descriptor } = blob(400_000);
    await store.push(descriptor, sourceOf(bytes));
    for (const offset of [0, 1, 262_144, 399_999, 400_000]) {
      assert.deepEqual(await collect(store.fetch(descriptor, { offset })), bytes.slice(offset));
    }
    for (const offset of [-1, 400_001, 0.5]) {
      await assertCode(collect(store.fetch(descriptor, { offset })), "invalid-argument");
    }
  });
  test("never yields more or less than a descriptor says", async (store) => {
    const { bytes, descriptor } = blob(50_000);
    await store.push(descriptor, sourceOf(bytes));
    for (const size of [49_999, 50_001]) {
      await assertCode(collect(store.fetch({ ...descriptor, size })), "size-mismatch");
    }
  });
  test("reads the same content many times at once", async (store) => {
    const { bytes, descriptor } = blob(300_000);
    await store.push(descriptor, sourceOf(bytes));
    const reads = Array.from({ length: 6 }, () => collect(store.fetch(descriptor)));
    for (const read of await Promise.all(reads)) assert.deepEqual(read, bytes);
  });
  test("lets a reader stop early, often", async (store) => {
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

function declareNaming(test: Declare): void {
  test("resolves a tag and a digest to the manifest", async (store) => {
    const { manifest } = await pushManifest(store);
    await store.tag(manifest.descriptor, "v1");
    for (const reference of ["v1", manifest.descriptor.digest]) {
      const { mediaType, digest, size } = await store.resolve(reference);
      assert.deepEqual({ mediaType, digest, size }, manifest.descriptor);
    }
  });
  test("resolves the digest of a manifest that no tag names", async (store) => {
    const { manifest } = await pushManifest(store);
    const { mediaType, digest, size } = await store.resolve(manifest.descriptor.digest);
    assert.deepEqual({ mediaType, digest, size }, manifest.descriptor);
  });
  test("moves a tag, and lets several name one manifest", async (store) => {
    const first = await pushManifest(store);
    const second = await pushManifest(store);
    await store.tag(first.manifest.descriptor, "a");
    await store.tag(first.manifest.descriptor, "b");
    await store.tag(second.manifest.descriptor, "a");
    await store.tag(second.manifest.descriptor, "a");
    assert.equal((await store.resolve("a")).digest, second.manifest.descriptor.digest);
    assert.equal((await store.resolve("b")).digest, first.manifest.descriptor.digest);
  });
  test("sets many tags at once", async (store) => {
    const { manifest } = await pushManifest(store);
    const tags = Array.from({ length: 8 }, (_, at) => `t${at}`);
    await Promise.all(tags.map((tag) => store.tag(manifest.descriptor, tag)));
    for (const tag of tags) {
      assert.equal((await store.resolve(tag)).digest, manifest.descriptor.digest);
    }
  });
  test("does not tag what it does not hold", async (store) => {
    const { descriptor } = blob(64);
    const missing = { ...descriptor, mediaType: MediaType.manifest };
    await assertCode(store.tag(missing, "missing"), "not-found");
    await assertCode(store.resolve("missing"), "not-found");
  });
}

function declareCapabilities(test: Declare, contract: StoreContract): void {
  test("lists its tags in order", async (store) => {
    const { tags } = store.capabilities;
    if (tags === undefined) return;
    const { manifest } = await pushManifest(store);
    for (const tag of ["b", "c", "a"]) await store.tag(manifest.descriptor, tag);
    assert.deepEqual([...(await tags())], ["a", "b", "c"]);
  });
  test("lists roots with what was said of them", async (store) => {
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
  test("removes content, as often as it is told", async (store) => {
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
