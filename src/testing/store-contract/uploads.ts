// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { digestBytes } from "../../bytes/hash.ts";
import type { Source } from "../../bytes/bytes.ts";
import { MediaType } from "../../oci/media-types.ts";
import type { ContentStore } from "../../store/store.ts";
import { completeUpload, type UploadState, type Uploads } from "../../store/upload.ts";
import type { Declare, StoreContract } from "./contract.ts";
import {
  assertCode,
  assertHolds,
  blob,
  chunked,
  failing,
  flip,
  sourceOf,
} from "./store-content.ts";

/** Uploads in parts that can be continued after a failure, even in another process. */
export function declareUploads(test: Declare, contract: StoreContract): void {
  const where = (
    name: string,
    body: (store: ContentStore, uploads: Uploads) => Promise<void>,
  ): void => {
    test(name, async (store) => {
      const { uploads } = store.capabilities;
      if (uploads !== undefined) await body(store, uploads);
    });
  };
  declareParts(where, contract);
  declareResuming(where, contract);
}

type DeclareUpload = (
  name: string,
  body: (store: ContentStore, uploads: Uploads) => Promise<void>,
) => void;

function declareParts(test: DeclareUpload, contract: StoreContract): void {
  test("accepts content in parts, and shows nothing of it before the end", async (store, uploads) => {
    const { bytes, descriptor } = blob(300_000);
    const upload = await uploads.begin();
    assert.equal(upload.offset, 0);
    for (const [from, to] of [
      [0, 100_000],
      [100_000, 100_000],
      [100_000, 250_001],
      [250_001, 300_000],
    ] as const) {
      await upload.append(chunked(bytes.subarray(from, to), 4_096), to - from);
      assert.equal(upload.offset, to);
      assert.equal(await store.exists(descriptor), false);
    }
    await upload.finish(descriptor.digest);
    await assertHolds(store, descriptor, bytes);
  });
  test("accepts empty content without any part", async (store, uploads) => {
    const { bytes, descriptor } = blob(0);
    await (await uploads.begin()).finish(descriptor.digest);
    await assertHolds(store, descriptor, bytes);
  });
  test("keeps several uploads apart", async (store, uploads) => {
    const contents = [blob(10_000), blob(10_000), blob(10_000)];
    const begun = await Promise.all(contents.map(() => uploads.begin()));
    for (const from of [0, 5_000]) {
      const parts = contents.map(({ bytes }, at) =>
        begun[at]!.append(chunked(bytes.subarray(from, from + 5_000), 999), 5_000),
      );
      await Promise.all(parts);
    }
    for (const [at, { bytes, descriptor }] of contents.entries()) {
      await begun[at]!.finish(descriptor.digest);
      await assertHolds(store, descriptor, bytes);
    }
  });
  test("refuses wrong content at the end, and keeps nothing of it", async (store, uploads) => {
    const { bytes, descriptor } = blob(20_000);
    const upload = await uploads.begin();
    const { state } = upload;
    await upload.append(chunked(flip(bytes), 4_096), bytes.length);
    await assertCode(upload.finish(descriptor.digest), "digest-mismatch");
    assert.equal(await store.exists(descriptor), false);
    await assertCode(uploads.resume(state), "not-found");
  });
  test("refuses a part that is shorter or longer than announced", async (_, uploads) => {
    const { bytes } = blob(20_000);
    for (const length of [19_999, 20_001]) {
      const upload = await uploads.begin();
      await assertCode(upload.append(chunked(bytes, 4_096), length), "size-mismatch");
      await upload.cancel();
    }
  });
  if (contract.sha512 === false) return;
  test("accepts content named by sha512 in parts", async (store, uploads) => {
    const { bytes } = blob(20_000);
    const digest = digestBytes(bytes, "sha512");
    const upload = await uploads.begin();
    await upload.append(chunked(bytes.subarray(0, 9_000), 999), 9_000);
    await upload.append(chunked(bytes.subarray(9_000), 999), 11_000);
    await upload.finish(digest);
    const descriptor = { mediaType: MediaType.octetStream, digest, size: bytes.length };
    await assertHolds(store, descriptor, bytes);
  });
}

function declareResuming(test: DeclareUpload, contract: StoreContract): void {
  test("continues after the bytes that it has, and reads only the rest", async (store, uploads) => {
    const { bytes, descriptor } = blob(300_000);
    const upload = await uploads.begin();
    await upload.append(chunked(bytes.subarray(0, 120_000), 4_096), 120_000);
    const resumed = await uploads.resume(throughJson(upload.state));
    assert.equal(resumed.offset, 120_000);
    const offsets: unknown[] = [];
    await completeUpload(resumed, descriptor, watched(bytes, offsets));
    assert.deepEqual(offsets, [120_000]);
    await assertHolds(store, descriptor, bytes);
  });
  test("continues after a part that broke off", async (store, uploads) => {
    // Long, because a short part is read before any of it is sent to a registry, and then breaks off nothing.
    const { bytes, descriptor } = blob(4_000_000);
    const upload = await uploads.begin();
    await upload.append(chunked(bytes.subarray(0, 1_000_000), 65_536), 1_000_000);
    await assert.rejects(upload.append(failing(bytes.subarray(1_000_000)), 3_000_000));
    const goOn = async (): Promise<void> => {
      const resumed = await uploads.resume(throughJson(upload.state));
      assert.ok(resumed.offset >= 1_000_000 && resumed.offset <= 2_500_000);
      await completeUpload(resumed, descriptor, sourceOf(bytes));
    };
    if (contract.resumesBroken === false) {
      await assertCode(goOn(), "not-found");
      await store.push(descriptor, sourceOf(bytes));
    } else {
      await goOn();
    }
    await assertHolds(store, descriptor, bytes);
  });
  test("verifies earlier parts together with the rest", async (store, uploads) => {
    const { bytes, descriptor } = blob(100_000);
    const upload = await uploads.begin();
    await upload.append(chunked(flip(bytes.subarray(0, 50_000)), 4_096), 50_000);
    const resumed = await uploads.resume(throughJson(upload.state));
    const work = completeUpload(resumed, descriptor, sourceOf(bytes));
    await assertCode(work, "digest-mismatch");
    assert.equal(await store.exists(descriptor), false);
  });
  test("refuses to complete an upload that is longer than the content", async (store, uploads) => {
    const { bytes, descriptor } = blob(1_000);
    const upload = await uploads.begin();
    await upload.append(chunked(blob(2_000).bytes, 999), 2_000);
    await assertCode(completeUpload(upload, descriptor, sourceOf(bytes)), "size-mismatch");
    await upload.cancel();
    assert.equal(await store.exists(descriptor), false);
  });
  test("does not resume an upload that was finished or cancelled, or that never existed", async (_, uploads) => {
    const { bytes, descriptor } = blob(1_000);
    const ended = await uploads.begin();
    await ended.append(chunked(bytes, 999), bytes.length);
    const { state } = ended;
    await ended.finish(descriptor.digest);
    await assertCode(uploads.resume(state), "not-found");
    const givenUp = await uploads.begin();
    await givenUp.cancel();
    await givenUp.cancel();
    await assertCode(uploads.resume(givenUp.state), "not-found");
    for (const location of ["no-such-upload", "/etc/passwd", "../../index.json"]) {
      await assertCode(uploads.resume({ location }), "not-found");
    }
  });
}

/** The state as another process would receive it. */
function throughJson(state: UploadState): UploadState {
  return JSON.parse(JSON.stringify(state)) as UploadState;
}

/** A source that records the offsets at which it was opened. */
function watched(bytes: Uint8Array, offsets: unknown[]): Source {
  const source = sourceOf(bytes);
  return {
    size: bytes.length,
    open: (options) => {
      offsets.push(options?.offset);
      return source.open(options);
    },
  };
}
