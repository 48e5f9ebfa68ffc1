// SPDX-License-Identifier: MIT
import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import type { Bytes } from "../bytes.ts";
import { through } from "../streams/node-stream.ts";
import type { ZstdEngine } from "./zstd-engine.ts";

interface ZstdOptions {
  readonly chunkSize: number;
  readonly params: Readonly<Record<number, number>>;
}

/** The zstd functions of `node:zlib`: there since Node 22.15, missing in Node 20. */
interface ZstdLibrary {
  readonly createZstdCompress: (options: ZstdOptions) => Transform;
  readonly createZstdDecompress: (options: ZstdOptions) => Transform;
}

// The numbers of zstd's own parameters (zstd.h).
const ZSTD_C_COMPRESSION_LEVEL = 100;
const ZSTD_D_WINDOW_LOG_MAX = 100;
// Node's default of 16 KiB is 2.5 times slower.
const CHUNK = 256 * 1024;

/**
 * The engine of `node:zlib`; undefined where it has no zstd. Node 24's decoder silently drops what follows a
 * frame within the same write. It decodes correctly when no write holds bytes of two frames, and the pieces
 * that `decode` takes never do.
 */
export function nativeZstd(): ZstdEngine | undefined {
  const { createZstdCompress, createZstdDecompress }: Partial<ZstdLibrary> =
    zlib as unknown as Partial<ZstdLibrary>;
  if (createZstdCompress === undefined || createZstdDecompress === undefined) return undefined;
  return {
    name: "native",
    largestWindow: 2 ** 31,
    highestLevel: 19,
    encodersAtOnce: Infinity,
    decode(pieces, window) {
      const params = { [ZSTD_D_WINDOW_LOG_MAX]: Math.max(10, Math.ceil(Math.log2(window))) };
      return through(afterEmptyFrame(pieces), createZstdDecompress({ chunkSize: CHUNK, params }));
    },
    encode(bytes, level) {
      const params = { [ZSTD_C_COMPRESSION_LEVEL]: level };
      return through(bytes, createZstdCompress({ chunkSize: CHUNK, params }));
    },
  };
}

// For input without any frame the decoder reports truncation, but a stream of only skippable frames is
// complete.
const EMPTY_FRAME = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0);

async function* afterEmptyFrame(pieces: Bytes): AsyncGenerator<Uint8Array> {
  yield EMPTY_FRAME;
  yield* pieces;
}
