// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { limitExceeded } from "../../oci/limits.ts";
import type { Bytes } from "../bytes.ts";
import { toHex } from "../hash.ts";

/** Bounds on the frames, and what the bytes are called in an error. */
export interface FrameOptions {
  /** Bytes of the largest window that is accepted: `limits.zstdWindow`. */
  readonly maxWindow: number;
  /** Bytes of the largest window that the decoder can hold. */
  readonly largestWindow: number;
  readonly what: string;
}

/** The header of a frame, a skippable frame or a block, with what follows it. */
interface Header {
  readonly length: number;
  /** Bytes from its end to the next header: content, and a frame's checksum. */
  readonly content: number;
  readonly next: "frame" | "block";
  readonly skipped?: boolean;
}

/** The position in the stream. */
interface Walk {
  /** Bytes of content left before the next header. */
  left: number;
  next: "frame" | "block";
  skipped: boolean;
  /** Whether the frame ends with a checksum. */
  checksum: boolean;
  /** Bytes of the stream before the data at hand. */
  offset: number;
}

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const DICTIONARY_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
const BLOCK_RLE = 1;
const BLOCK_RESERVED = 3;
const LONGEST_BLOCK = 128 * 1024;
const PIECE_BLOCKS = 32;

/**
 * Walks through the frames of a zstd stream (RFC 8878, section 3.1) without decoding them, because no decoder
 * here handles their boundaries correctly: Node 24's can stop after the first of several frames, and
 * zstd-codec accepts a stream that was cut short and aborts on a large window.
 *
 * Yields the compressed bytes of the frames in pieces. A piece never holds bytes of two frames, and never
 * decodes to much more than 4 MiB. Skippable frames are left out. A piece belongs to the reader until it asks
 * for the next.
 * @throws OciError `truncated`; `invalid-compression` for anything that is not a frame; `limit-exceeded` for
 *   a window above `maxWindow`; `unsupported-compression` for one above `largestWindow`, and for a frame that
 *   needs a dictionary
 */
export async function* readFrames(
  bytes: Bytes,
  options: FrameOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const walk: Walk = { left: 0, next: "frame", skipped: false, checksum: false, offset: 0 };
  let rest = new Uint8Array();
  for await (const chunk of bytes) {
    const data = rest.length === 0 ? chunk : join(rest, chunk);
    const taken = yield* takePieces(data, walk, options);
    rest = new Uint8Array(data.subarray(taken));
    walk.offset += taken;
  }
  const length = walk.offset + rest.length;
  if (length === 0 || rest.length > 0 || walk.left > 0 || walk.next === "block") {
    throw new OciError(
      "truncated",
      `${options.what}: expected more of a zstd frame, got its end after ${length} bytes`,
      { details: { bytes: length } },
    );
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Yields the frames' bytes in `data`. Returns the number of bytes used: all but an incomplete header at the end. */
function* takePieces(
  data: Uint8Array,
  walk: Walk,
  options: FrameOptions,
): Generator<Uint8Array, number, undefined> {
  let at = 0;
  let start = 0;
  let headers = 0;
  while (at < data.length) {
    if (walk.left === 0) {
      const header = readHeader(data.subarray(at, at + 18), walk, options, walk.offset + at);
      if (header === undefined) break;
      at += header.length;
      walk.left = header.content;
      walk.next = header.next;
      walk.skipped = header.skipped ?? false;
      headers += 1;
    }
    const step = Math.min(walk.left, data.length - at);
    at += step;
    walk.left -= step;
    if (walk.skipped) start = at;
    const frameEnds = walk.left === 0 && walk.next === "frame";
    if (at > start && (frameEnds || headers === PIECE_BLOCKS)) {
      yield data.subarray(start, at);
      start = at;
      headers = 0;
    }
  }
  if (at > start) yield data.subarray(start, at);
  return at;
}

/** The header at the start of `data`; undefined when `data` does not hold all of it. */
function readHeader(
  data: Uint8Array,
  walk: Walk,
  options: FrameOptions,
  offset: number,
): Header | undefined {
  if (walk.next === "block") return readBlockHeader(data, walk, options, offset);
  if (data.length < 4) return undefined;
  const magic = uint(data, 0, 4);
  if (magic === MAGIC) return readFrameHeader(data, walk, options, offset);
  if (magic >= SKIPPABLE && magic <= SKIPPABLE + 15) {
    if (data.length < 8) return undefined;
    return { length: 8, content: uint(data, 4, 4), next: "frame", skipped: true };
  }
  throw invalid(options, offset, `a zstd frame (28b52ffd)`, toHex(data, 0, 4));
}

function readFrameHeader(
  data: Uint8Array,
  walk: Walk,
  options: FrameOptions,
  offset: number,
): Header | undefined {
  if (data.length < 5) return undefined;
  const flags = data[4]!;
  const single = (flags & 0x20) !== 0;
  const dictionaryBytes = DICTIONARY_BYTES[flags & 3]!;
  const sizeBytes = single
    ? Math.max(1, CONTENT_SIZE_BYTES[flags >> 6]!)
    : CONTENT_SIZE_BYTES[flags >> 6]!;
  const dictionaryAt = single ? 5 : 6;
  const sizeAt = dictionaryAt + dictionaryBytes;
  const length = sizeAt + sizeBytes;
  if (data.length < length) return undefined;
  if ((flags & 8) !== 0) throw invalid(options, offset, "the reserved bit unset", "it set");
  if (uint(data, dictionaryAt, dictionaryBytes) !== 0) {
    throw new OciError(
      "unsupported-compression",
      `${options.what}: the zstd frame at byte ${offset} needs a dictionary, which a layer can't name`,
    );
  }
  const window = single
    ? uint(data, sizeAt, sizeBytes) + (sizeBytes === 2 ? 256 : 0)
    : windowSize(data[5]!);
  checkWindow(options, offset, window);
  walk.checksum = (flags & 4) !== 0;
  return { length, content: 0, next: "block" };
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function checkWindow(
  { what, maxWindow, largestWindow }: FrameOptions,
  at: number,
  got: number,
): void {
  const place = `${what}: the zstd frame at byte ${at}`;
  if (got > maxWindow) {
    const unit = "bytes of window";
    throw limitExceeded({ what: place, limit: "zstdWindow", allowed: maxWindow, got, unit });
  }
  if (got > largestWindow) {
    throw new OciError(
      "unsupported-compression",
      `${place}: expected at most ${largestWindow} bytes of window on this version of Node, got ${got}`,
      { details: { got, offset: at }, hint: "Node 24 and later read windows of 128 MiB." },
    );
  }
}

function readBlockHeader(
  data: Uint8Array,
  walk: Walk,
  options: FrameOptions,
  offset: number,
): Header | undefined {
  if (data.length < 3) return undefined;
  const header = uint(data, 0, 3);
  const last = (header & 1) !== 0;
  const type = (header >> 1) & 3;
  const size = header >> 3;
  if (type === BLOCK_RESERVED) throw invalid(options, offset, "a block of a known type", "3");
  if (size > LONGEST_BLOCK) {
    throw invalid(options, offset, "a block of at most 128 KiB", `${size} bytes`);
  }
  const stored = type === BLOCK_RLE ? 1 : size;
  return {
    length: 3,
    content: stored + (last && walk.checksum ? 4 : 0),
    next: last ? "frame" : "block",
  };
}

function invalid(options: FrameOptions, offset: number, expected: string, got: string): OciError {
  return new OciError(
    "invalid-compression",
    `${options.what}: zstd stream at byte ${offset}: expected ${expected}, got ${got}`,
    { details: { offset, expected, got } },
  );
}

/** A little-endian unsigned number of up to 8 bytes. Above 2^53 it is not exact, but far beyond any limit. */
function uint(data: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let index = length - 1; index >= 0; index -= 1) value = value * 256 + data[at + index]!;
  return value;
}
