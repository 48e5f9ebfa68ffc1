// SPDX-License-Identifier: MIT
import { promisify } from "node:util";
import { constants, crc32, deflateRaw } from "node:zlib";
import type { ZlibOptions } from "node:zlib";
import type { Bytes } from "../bytes.ts";

const deflate = promisify<Uint8Array, ZlibOptions, Uint8Array>(deflateRaw);

const BLOCK = 1024 * 1024;
const WINDOW = 32 * 1024;
/** The threads that Node has for such work unless it is told otherwise. */
const THREADS = 4;
/** Node's own bound is 1024, which would take that many MiB. */
const MOST_THREADS = 64;
/** zlib's largest tables, 128 KiB more: a twentieth faster at levels 3 to 5, at the same size. */
const MEMORY_LEVEL = 9;
// Deflate; no flags, no time, no hint about the level. Operating system "unknown": zlib would write the one
// that it runs on.
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);

/**
 * Compresses to one gzip member. Blocks of 1 MiB are deflated side by side in Node's threads, each with the
 * last 32 KiB before it as its dictionary: as fast as there are cores, and the same bytes however many there
 * are and however the input is cut into chunks. The bytes depend on the input, the level and Node's zlib alone.
 */
export async function* gzip(bytes: Bytes, level: number): Bytes & AsyncGenerator<Uint8Array> {
  const inFlight: Promise<Uint8Array>[] = [];
  /** Blocks to use again: new ones are filled with zeros and collected, a tenth of the processor time. */
  const spare: Uint8Array<ArrayBuffer>[] = [];
  const most = inFlightOf();
  let checksum = 0;
  let length = 0;
  let before: Uint8Array | undefined;
  const deflating = async ({ block, last }: Block): Promise<Uint8Array> => {
    const done = await deflateBlock(block, before, last, level);
    spare.push(new Uint8Array(block.buffer));
    return done;
  };
  try {
    yield HEADER.slice();
    for await (const cut of cutBlocks(bytes, spare)) {
      checksum = crc32(cut.block, checksum);
      length += cut.block.length;
      inFlight.push(deflating(cut));
      before = cut.block.slice(-WINDOW);
      if (inFlight.length >= most) yield (await inFlight.shift())!;
    }
    while (inFlight.length > 0) yield (await inFlight.shift())!;
    yield trailer(checksum, length);
  } finally {
    await Promise.allSettled(inFlight);
  }
}

/** As many blocks as Node's threads can deflate at once, and one that is ready when the first of them ends. */
function inFlightOf(): number {
  const told = Number(process.env["UV_THREADPOOL_SIZE"]);
  const threads = Number.isInteger(told) && told > 0 ? told : THREADS;
  return Math.min(threads, MOST_THREADS) + 1;
}

interface Block {
  readonly block: Uint8Array<ArrayBuffer>;
  readonly last: boolean;
}

/** Copies the bytes into blocks of 1 MiB, and a last one that may be shorter or empty. */
async function* cutBlocks(
  bytes: Bytes,
  spare: Uint8Array<ArrayBuffer>[],
): AsyncGenerator<Block, void, undefined> {
  let block = spare.pop() ?? new Uint8Array(BLOCK);
  let filled = 0;
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length;) {
      if (filled === BLOCK) {
        yield { block, last: false };
        block = spare.pop() ?? new Uint8Array(BLOCK);
        filled = 0;
      }
      const piece = chunk.subarray(at, at + BLOCK - filled);
      block.set(piece, filled);
      filled += piece.length;
      at += piece.length;
    }
  }
  yield { block: block.subarray(0, filled), last: true };
}

/** One block as raw deflate. All but the last block end at a full byte and leave the stream open (a sync flush). */
function deflateBlock(
  block: Uint8Array,
  dictionary: Uint8Array | undefined,
  last: boolean,
  level: number,
): Promise<Uint8Array> {
  return deflate(block, {
    level,
    memLevel: MEMORY_LEVEL,
    chunkSize: BLOCK / 2,
    finishFlush: last ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
    ...(dictionary === undefined ? {} : { dictionary }),
  });
}

function trailer(checksum: number, length: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, checksum, true);
  view.setUint32(4, length % 2 ** 32, true);
  return new Uint8Array(view.buffer);
}
