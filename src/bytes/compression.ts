// SPDX-License-Identifier: MIT
import { codecs } from "#codecs";
import type { Limits } from "../oci/limits.ts";
import type { Compression } from "../oci/media-types.ts";
import { digestOf, knownAlgorithm, type DiffId, type Digest } from "../oci/digest.ts";
import { withLimits } from "../oci/limits.ts";
import { abortable } from "./abort.ts";
import type { AbortOptions, Bytes } from "./bytes.ts";
import { levelOf, type CompressionChoice } from "./level/compression-choice.ts";
import { createExpansionGuard } from "./expansion.ts";
import { requireDiffId, verifyDiffId } from "./verify-diff-id.ts";

/** Options of {@link decompress}. */
export interface DecompressOptions extends AbortOptions {
  readonly limits?: Partial<Limits> | undefined;
  /** What the bytes are called in an error. */
  readonly what?: string | undefined;
}

/** Options of {@link compress}. */
export interface CompressOptions extends AbortOptions {
  /** As in {@link CompressionChoice}. */
  readonly level?: CompressionChoice["level"];
}

/** The kinds of compression that {@link detectCompression} knows. */
export type DetectedCompression = Exclude<Compression, "none"> | "xz" | "bzip2";

/**
 * How content is compressed, judged by its first bytes (its magic number); undefined when they are none that
 * is known.
 */
export function detectCompression(head: Uint8Array): DetectedCompression | undefined {
  if (startsWith(head, [0x1f, 0x8b])) return "gzip";
  if (startsWith(head, [0x28, 0xb5, 0x2f, 0xfd])) return "zstd";
  if (startsWith(head.subarray(1), [0x2a, 0x4d, 0x18]) && head[0]! >> 4 === 5) return "zstd";
  if (startsWith(head, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])) return "xz";
  if (startsWith(head, [0x42, 0x5a, 0x68])) return "bzip2";
  return undefined;
}

function startsWith(head: Uint8Array, magic: readonly number[]): boolean {
  return head.length >= magic.length && magic.every((byte, at) => head[at] === byte);
}

/**
 * Decompresses all gzip members or all zstd frames; nothing is dropped. "none" returns `bytes` themselves.
 * @throws OciError while reading: `truncated`, `invalid-compression`, `unsupported-compression`,
 *   `limit-exceeded` (a bomb, a zstd window), `aborted`
 */
export function decompress(
  bytes: Bytes,
  compression: Compression,
  options: DecompressOptions = {},
): Bytes {
  if (compression === "none") return bytes;
  return expand(bytes, compression, options, codecs.gunzip);
}

/** Options of {@link decompressLayer}. */
export interface DecompressLayerOptions extends DecompressOptions {
  /**
   * Whether gzip is decompressed and hashed in another thread. Default: false. See `gunzipInThread` for what
   * that costs.
   */
  readonly inThread?: boolean | undefined;
}

/**
 * The uncompressed tar of a layer, checked against its diffID on its way: the stream ends normally only
 * when the digest agrees.
 * @throws OciError while reading: `diff-id-mismatch`, `unsupported-algorithm`; what {@link decompress} throws
 */
export async function* decompressLayer(
  bytes: Bytes,
  compression: Compression,
  diffId: DiffId,
  options: DecompressLayerOptions = {},
): Bytes & AsyncGenerator<Uint8Array> {
  if (compression !== "gzip" || options.inThread !== true) {
    yield* verifyDiffId(decompress(bytes, compression, options), diffId, options);
    return;
  }
  const algorithm = knownAlgorithm(diffId);
  let got: Digest | undefined;
  const done = (hex: string): void => void (got = digestOf(algorithm, hex));
  yield* expand(bytes, compression, options, (input, what) =>
    codecs.gunzipInThread(input, { what, algorithm, done }),
  );
  requireDiffId(got!, diffId, options);
}

function expand(
  bytes: Bytes,
  compression: Exclude<Compression, "none">,
  options: DecompressOptions,
  expandGzip: (input: Bytes, what: string) => Bytes,
): Bytes {
  const what = options.what ?? "content";
  const limits = withLimits(options.limits);
  const guard = createExpansionGuard(limits, what);
  const input = guard.input(abortable(bytes, options.signal, what));
  const output =
    compression === "gzip"
      ? expandGzip(input, what)
      : codecs.unzstd(input, { maxWindow: limits.zstdWindow, what });
  return guard.output(abortable(output, options.signal, what));
}

/**
 * Compresses to one gzip member without name and time, or to one zstd frame. The same input and level give the same
 * bytes, however the input is cut into chunks: gzip up to level 4 on every machine and version of Node; above, and zstd,
 * on one build of Node (whose zlib may find other matches on another processor). "none" returns `bytes` themselves.
 * @throws OciError `invalid-argument` at once for a level that does not exist; while reading:
 *   `unsupported-compression` for a zstd level that is too high for this Node, `aborted`
 */
export function compress(
  bytes: Bytes,
  compression: Compression,
  options: CompressOptions = {},
): Bytes {
  if (compression === "none") return bytes;
  const level = levelOf(compression, options.level);
  const input = abortable(bytes, options.signal, "compression");
  return compression === "gzip" ? codecs.gzip(input, level) : codecs.zstd(input, level);
}

/** How many streams may be compressed at the same time without taking much memory; Infinity where it is little. */
export async function compressorsAtOnce(compression: Compression): Promise<number> {
  return compression === "zstd" ? codecs.zstdAtOnce() : Infinity;
}
