// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, expect, it } from "vitest";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { MediaType } from "../../oci/media-types.ts";
import { answer, startFaultyRegistry } from "../../testing/faulty-registry.ts";
import type { FaultyRegistry } from "../../testing/faulty-registry.ts";
import { openRepository } from "../repository.ts";
import { noise } from "../../../test/fixtures/bytes/streams.ts";

let registry: FaultyRegistry;
beforeEach(async () => {
  registry = await startFaultyRegistry();
});
afterEach(() => registry.close());

/** Larger than the socket buffers of the kernel, so that chunks have to wait in the process. */
const content = noise(12 * 1024 * 1024);
const blob = describeBytes(MediaType.octetStream, content);

/** Puts each chunk into the same memory, and destroys it when the next one is asked for. */
async function* inOneBuffer(sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.alloc(Math.max(...sizes));
  for (let at = 0, turn = 0; at < content.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    const part = content.subarray(at, at + size);
    buffer.set(part);
    yield buffer.subarray(0, part.length);
    buffer.fill(0xdb);
    await Promise.resolve();
    at += part.length;
  }
}

it.each([
  ["small chunks", [1000, 16_384, 40_000]],
  ["large chunks", [262_144, 65_536]],
  ["small and large chunks", [262_144, 1, 65_535, 65_536, 300_000, 4096]],
])("an upload arrives as it was, although its source reuses its memory: %s", async (_, sizes) => {
  registry.rule(
    { on: "POST /v2/a/b/blobs/uploads/", reply: answer(202, { location: "/u/1" }) },
    { on: `PUT /u/1?digest=${blob.digest}`, reply: answer(201) },
  );
  const store = openRepository({ registry: registry.host, repository: "a/b" });
  await store.push(blob, { size: content.length, open: () => inOneBuffer(sizes) });
  expect(Buffer.compare(registry.requests.at(-1)?.body ?? Buffer.of(), content)).toBe(0);
});
