// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import type { Bytes, Source } from "../../bytes/bytes.ts";
import { describe } from "../../bytes/describe-content.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError, type ErrorCode } from "../../oci/errors.ts";
import { formatJson } from "../../oci/json.ts";
import { MediaType } from "../../oci/media-types.ts";
import type { ContentStore, ReadableStore } from "../../store/store.ts";

// Content for tests of stores, good and bad, and assertions about it.

/** Bytes and their descriptor. */
export interface Content {
  readonly bytes: Uint8Array;
  readonly descriptor: Descriptor;
}

let made = 0;

/** Makes content that is different on each call, because a store may outlive a test. */
export function blob(size: number): Content {
  const bytes = new Uint8Array(size);
  let state = (made += 1) * 2_654_435_761;
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return { bytes, descriptor: describe(MediaType.octetStream, bytes) };
}

/** Pushes an image without files, its config and layer first: a registry refuses a manifest without them. */
export async function pushManifest(
  store: ContentStore,
): Promise<{ manifest: Content; content: readonly Content[] }> {
  const layer = blob(1_024);
  const config = document(MediaType.config, {
    architecture: "riscv64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [layer.descriptor.digest] },
  });
  const layerDescriptor = { ...layer.descriptor, mediaType: MediaType.layer };
  const manifest = document(MediaType.manifest, {
    schemaVersion: 2,
    mediaType: MediaType.manifest,
    config: config.descriptor,
    layers: [layerDescriptor],
  });
  const content = [{ ...layer, descriptor: layerDescriptor }, config, manifest];
  for (const { descriptor, bytes } of content) await store.push(descriptor, sourceOf(bytes));
  return { manifest, content };
}

function document(mediaType: string, value: unknown): Content {
  const bytes = formatJson(value);
  return { bytes, descriptor: describe(mediaType, bytes) };
}

/** A source that can be opened any number of times. */
export function sourceOf(bytes: Uint8Array): Source {
  const open: Source["open"] = ({ offset = 0 } = {}) => chunked(bytes.subarray(offset), 65_536);
  return { size: bytes.length, open };
}

/** The bytes in chunks of this size, each a new buffer. */
export async function* chunked(bytes: Uint8Array, size: number): Bytes {
  await Promise.resolve();
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

/** The bytes in one buffer that is overwritten after each chunk, as the contract of Bytes allows. */
export async function* reusedChunks(bytes: Uint8Array, size: number): Bytes {
  const chunk = new Uint8Array(size);
  for await (const next of chunked(bytes, size)) {
    chunk.set(next);
    yield chunk.subarray(0, next.length);
    chunk.fill(0xff);
  }
}

/** Half of the bytes, then an error. */
export async function* failing(bytes: Uint8Array): Bytes {
  yield* chunked(bytes.subarray(0, bytes.length / 2), 4_096);
  throw new Error("the source broke");
}

/** All of the bytes, with an abort after half of them. */
export async function* abortingAfter(bytes: Uint8Array, controller: AbortController): Bytes {
  const half = bytes.length / 2;
  yield* chunked(bytes.subarray(0, half), 4_096);
  controller.abort();
  yield* chunked(bytes.subarray(half), 4_096);
}

/** A copy of the bytes with one bit changed. */
export function flip(bytes: Uint8Array): Uint8Array {
  const other = bytes.slice();
  other[other.length - 1]! ^= 1;
  return other;
}

/** The bytes and one more. */
export function lengthen(bytes: Uint8Array): Uint8Array {
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  return longer;
}

/** Collects all the bytes. */
export async function collect(bytes: Bytes): Promise<Uint8Array> {
  return readAll(bytes, Number.MAX_SAFE_INTEGER, "test");
}

/** Fails unless the store yields exactly these bytes. */
export async function assertHolds(
  store: ReadableStore,
  descriptor: Descriptor,
  bytes: Uint8Array,
): Promise<void> {
  assert.deepEqual(await collect(store.fetch(descriptor)), bytes);
}

/** Fails unless the work fails with an OciError that has one of these codes. */
export async function assertCode(
  work: Promise<unknown>,
  ...codes: readonly [ErrorCode, ...ErrorCode[]]
): Promise<void> {
  await assert.rejects(work, (error) => {
    if (isOciError(error, ...codes)) return true;
    throw new assert.AssertionError({
      message: `expected an error with the code ${codes.join(" or ")}, got ${String(error)}`,
      actual: error,
    });
  });
}
