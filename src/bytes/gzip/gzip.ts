// SPDX-License-Identifier: MIT
import { crc32 } from "node:zlib";
import type { Bytes } from "../bytes.ts";
import { explainCodecError } from "../codec-error.ts";
import { BLOCK, WINDOW, createBlockMemory, type DeflateBlock } from "../deflate/deflate-block.ts";
import { openDeflater } from "./open-deflater.ts";

// Deflate; no flags, no time, no hint about the level. Operating system "unknown": zlib would write the one
// that it runs on.
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);

/**
 * Compresses to one gzip member. Blocks of 1 MiB are deflated side by side in threads, each with the last 32 KiB
 * before it as its dictionary: as fast as there are cores, and the same bytes however many there are and however the
 * input is cut into chunks. Up to level 4 the bytes depend on the input and the level alone, above on Node's zlib too.
 * @throws OciError while reading: `unsupported-compression` when a thread died
 */
export async function* gzip(bytes: Bytes, level: number): Bytes & AsyncGenerator<Uint8Array> {
  const deflater = openDeflater(level);
  const inFlight: ReturnType<typeof deflater.deflate>[] = [];
  /** Memory to use again: new one is filled with zeros and collected, a tenth of the processor time. */
  const spare: ArrayBuffer[] = [];
  let checksum = 0;
  let length = 0;
  const next = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    const { bytes: deflated, memory } = await inFlight.shift()!;
    yield deflated;
    spare.push(memory);
  };
  try {
    yield HEADER.slice();
    for await (const block of cutBlocks(bytes, level, spare)) {
      checksum = crc32(new Uint8Array(block.memory, WINDOW, block.length), checksum);
      length += block.length;
      const deflating = deflater.deflate(block);
      // told where it is awaited, which may be later
      deflating.catch(noop);
      inFlight.push(deflating);
      if (inFlight.length >= deflater.most) yield* next();
    }
    while (inFlight.length > 0) yield* next();
    yield trailer(checksum, length);
  } catch (error) {
    throw explainCodecError(error, "gzip", "compression");
  } finally {
    await Promise.allSettled(inFlight);
    deflater.close();
  }
}

/** Copies the bytes into blocks of 1 MiB, and a last one that may be shorter or empty. */
async function* cutBlocks(
  bytes: Bytes,
  level: number,
  spare: ArrayBuffer[],
): AsyncGenerator<DeflateBlock, void, undefined> {
  let memory = spare.pop() ?? createBlockMemory();
  let block = new Uint8Array(memory, WINDOW);
  let before = 0;
  let length = 0;
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length;) {
      if (length === BLOCK) {
        const following = spare.pop() ?? createBlockMemory();
        new Uint8Array(following).set(block.subarray(-WINDOW));
        yield { memory, before, length, isLast: false, level };
        memory = following;
        block = new Uint8Array(memory, WINDOW);
        before = WINDOW;
        length = 0;
      }
      const piece = chunk.subarray(at, at + BLOCK - length);
      block.set(piece, length);
      length += piece.length;
      at += piece.length;
    }
  }
  yield { memory, before, length, isLast: true, level };
}

function trailer(checksum: number, length: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, checksum, true);
  view.setUint32(4, length % 2 ** 32, true);
  return new Uint8Array(view.buffer);
}

function noop(): void {
  // nobody waits yet
}
