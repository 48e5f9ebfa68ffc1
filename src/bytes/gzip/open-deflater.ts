// SPDX-License-Identifier: MIT
import { promisify } from "node:util";
import { constants, deflateRaw } from "node:zlib";
import type { ZlibOptions } from "node:zlib";
import {
  BLOCK,
  HIGHEST_LEVEL,
  WINDOW,
  type DeflateBlock,
  type DeflatedBlock,
} from "../deflate/deflate-block.ts";
import { deflateHere } from "../deflate/deflate-module.ts";
import { openDeflateThreads } from "../deflate/deflate-threads.ts";

/** The output for a block, and its memory, which can be used again when the output is no longer needed. */
interface Deflated {
  readonly bytes: Uint8Array;
  readonly memory: ArrayBuffer;
}

/** Deflates the blocks of one stream. */
interface Deflater {
  /** How many blocks should be under way at a time. */
  readonly most: number;
  deflate(block: DeflateBlock): Promise<Deflated>;
  close(): void;
}

/** Opens what compresses at a level: our own compressor, or zlib for the higher ones. The caller closes it. */
export function openDeflater(level: number): Deflater {
  return level <= HIGHEST_LEVEL ? openOwn() : openZlib();
}

/** While the threads start, which takes 60 ms, this one compresses some blocks itself. */
const BLOCKS_MEANWHILE = 8;

function openOwn(): Deflater {
  const threads = openDeflateThreads();
  let blocks = 0;
  const isHere = (): boolean =>
    threads.count === 1 || (blocks <= BLOCKS_MEANWHILE && !threads.areReady);
  return {
    most: 3 * threads.count,
    async deflate(block) {
      blocks += 1;
      if (!block.isLast && threads.count > 1) threads.start();
      const { memory, size }: DeflatedBlock = isHere()
        ? deflateHere(block)
        : await threads.deflate(block);
      return { bytes: new Uint8Array(memory, 0, size), memory };
    },
    close: () => threads.close(),
  };
}

/** The threads that Node has for such work unless it is told otherwise. */
const THREADS = 4;
/** Node's own bound is 1024, which would take that many MiB. */
const MOST_THREADS = 64;
/** zlib's largest tables, 128 KiB more: a twentieth faster at level 5, at the same size. */
const MEMORY_LEVEL = 9;

const deflateByZlib = promisify<Uint8Array, ZlibOptions, Uint8Array>(deflateRaw);

function openZlib(): Deflater {
  const told = Number(process.env["UV_THREADPOOL_SIZE"]);
  const threads = Number.isInteger(told) && told > 0 ? told : THREADS;
  return {
    most: Math.min(threads, MOST_THREADS) + 1,
    async deflate({ memory, before, length, isLast, level }) {
      const bytes = await deflateByZlib(new Uint8Array(memory, WINDOW, length), {
        level,
        memLevel: MEMORY_LEVEL,
        chunkSize: BLOCK / 2,
        finishFlush: isLast ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
        ...(before === 0 ? {} : { dictionary: new Uint8Array(memory, WINDOW - before, before) }),
      });
      return { bytes, memory };
    },
    close: () => undefined,
  };
}
