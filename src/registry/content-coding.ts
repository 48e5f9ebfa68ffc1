// SPDX-License-Identifier: MIT
import { createBrotliDecompress, createInflate, createInflateRaw } from "node:zlib";
import type { Bytes } from "../bytes/bytes.ts";
import { through } from "../bytes/streams/node-stream.ts";
import { OciError } from "../oci/errors.ts";
import type { Limits } from "../oci/limits.ts";
import { quote } from "../oci/quote.ts";

/** How {@link undoCodings} reads. */
interface CodingOptions {
  /** `expansionRatio`, `expansionFloor` and `zstdWindow` apply. */
  readonly limits: Limits;
  /** The request, for errors. */
  readonly what: string;
}

/** A body without its codings. */
export interface Uncoded {
  readonly bytes: Bytes;
  /** Whether there were any, so that lengths and ranges of the answer are not those of the content. */
  readonly isCoded: boolean;
}

type Undo = (bytes: Bytes, options: CodingOptions) => Bytes;

/** More than two have never been seen; each costs memory. */
const MOST_CODINGS = 4;
const CHUNK_SIZE = 64 * 1024;

/**
 * Undoes the codings of a `Content-Encoding` (RFC 9110, 8.4), the last one first. Servers and proxies compress
 * answers although they were asked not to. The limits on what is read count for what comes out.
 * @throws OciError while reading: `unsupported-compression` for a coding that is not known or more than four,
 * `invalid-compression`, `truncated`, `limit-exceeded`
 */
export function undoCodings(
  bytes: Bytes,
  header: string | undefined,
  options: CodingOptions,
): Uncoded {
  const names = (header ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity");
  if (names.length === 0) return { bytes, isCoded: false };
  const undos = names.map((name) => CODINGS.get(name));
  if (names.length > MOST_CODINGS || undos.includes(undefined)) {
    return { bytes: refuse(names, options.what), isCoded: true };
  }
  const plain = undos.reduceRight<Bytes>((coded, undo) => undo?.(coded, options) ?? coded, bytes);
  return { bytes: plain, isCoded: true };
}

const CODINGS: ReadonlyMap<string, Undo> = new Map<string, Undo>([
  ["gzip", (bytes, options) => expand(bytes, "gzip", options)],
  ["x-gzip", (bytes, options) => expand(bytes, "gzip", options)],
  ["zstd", (bytes, options) => expand(bytes, "zstd", options)],
  ["deflate", inflate],
  ["br", unbrotli],
]);

/** The error comes where the body is read. */
async function* refuse(names: readonly string[], what: string): Bytes {
  await Promise.resolve();
  yield* [];
  throw new OciError(
    "unsupported-compression",
    `${what}: expected a body as it is stored, or one in gzip, deflate, br or zstd, got the Content-Encoding ${quote(names.join(", "))}`,
    {
      details: { codings: names },
      hint: "A proxy before the registry encodes its answers; let it leave them as they are.",
    },
  );
}

/** The codecs are loaded where they are needed: an honest registry needs none. */
async function* expand(bytes: Bytes, coding: "gzip" | "zstd", options: CodingOptions): Bytes {
  const { decompress } = await import("../bytes/compression.ts");
  yield* decompress(bytes, coding, options);
}

async function* unbrotli(bytes: Bytes, options: CodingOptions): Bytes {
  yield* guarded(bytes, options, (input) =>
    through(input, createBrotliDecompress({ chunkSize: CHUNK_SIZE })),
  );
}

/** Some servers send raw deflate, without the zlib header that the name means. */
async function* inflate(bytes: Bytes, options: CodingOptions): Bytes {
  const { first, all } = await peek(bytes);
  const hasHeader = (first & 0x0f) === 8;
  yield* guarded(all, options, (input) =>
    through(input, (hasHeader ? createInflate : createInflateRaw)({ chunkSize: CHUNK_SIZE })),
  );
}

/** Counts what comes out, as for the codecs of layers, and explains what is wrong with it. */
async function* guarded(
  bytes: Bytes,
  { limits, what }: CodingOptions,
  decode: (input: Bytes) => Bytes,
): Bytes {
  const { createExpansionGuard } = await import("../bytes/expansion.ts");
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
