// SPDX-License-Identifier: MIT
import { createBrotliDecompress, createInflate, createInflateRaw } from "node:zlib";
import type { Bytes } from "../bytes/bytes.ts";
import { decompress } from "../bytes/compression.ts";
import { createExpansionGuard } from "../bytes/expansion.ts";
import { through } from "../bytes/streams/node-stream.ts";
import { OciError } from "../oci/errors.ts";
import type { Limits } from "../oci/limits.ts";

/** A coding of HTTP. */
export type Coding = "gzip" | "zstd" | "deflate" | "br";

/** How {@link decode} reads. */
export interface DecodeOptions {
  readonly limits: Limits;
  /** The request, for errors. */
  readonly what: string;
}

const CHUNK_SIZE = 64 * 1024;

/** Undoes one coding. @throws OciError while reading: `invalid-compression`, `truncated`, `limit-exceeded` */
export function decode(bytes: Bytes, coding: Coding, options: DecodeOptions): Bytes {
  if (coding === "br") return unbrotli(bytes, options);
  return coding === "deflate" ? inflate(bytes, options) : decompress(bytes, coding, options);
}

function unbrotli(bytes: Bytes, options: DecodeOptions): Bytes {
  return guarded(bytes, options, (input) =>
    through(input, createBrotliDecompress({ chunkSize: CHUNK_SIZE })),
  );
}

/** Some servers send raw deflate, without the zlib header that the name means. */
async function* inflate(bytes: Bytes, options: DecodeOptions): Bytes {
  const { first, all } = await peek(bytes);
  const hasHeader = (first & 0x0f) === 8;
  yield* guarded(all, options, (input) =>
    through(input, (hasHeader ? createInflate : createInflateRaw)({ chunkSize: CHUNK_SIZE })),
  );
}

/** Counts what comes out, as for the codecs of layers, and explains what is wrong with it. */
async function* guarded(
  bytes: Bytes,
  { limits, what }: DecodeOptions,
  decode: (input: Bytes) => Bytes,
): Bytes {
  const guard = createExpansionGuard(limits, what);
  try {
    yield* guard.output(decode(guard.input(bytes)));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && !(error instanceof OciError))) throw error;
    const isShort = error.code === "Z_BUF_ERROR" || error.code === "ERR_BUFFER_OUT_OF_BOUNDS";
    throw new OciError(
      isShort ? "truncated" : "invalid-compression",
      `${what}: expected a body in its Content-Encoding, got ${isShort ? "only the start of one" : "other bytes"}: ${error.message}`,
      { cause: error },
    );
  }
}

/** The first byte, 8 for an empty body, and all of them. */
async function peek(bytes: Bytes): Promise<{ readonly first: number; readonly all: Bytes }> {
  const iterator = bytes[Symbol.asyncIterator]();
  const head = await iterator.next();
  const chunk = head.done === true ? new Uint8Array() : new Uint8Array(head.value);
  async function* all(): Bytes {
    try {
      if (chunk.length > 0) yield chunk;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { first: chunk[0] ?? 8, all: all() };
}
