// SPDX-License-Identifier: MIT
import type { Limits } from "../oci/limits.ts";
import type { Compression } from "../oci/media-types.ts";
import { OciError } from "../oci/errors.ts";
import type { AbortOptions, Bytes } from "./bytes.ts";

/** Options of {@link decompress}. */
export interface DecompressOptions extends AbortOptions {
  readonly limits?: Partial<Limits> | undefined;
  /** What the bytes are called in an error. */
  readonly what?: string | undefined;
}

/** Options of {@link compress}. */
export interface CompressOptions extends AbortOptions {
  /** gzip: 1 to 9, default 6. zstd: 1 to 19, default 3. */
  readonly level?: number | undefined;
}

/** What {@link detectCompression} can tell by a magic number. */
export type DetectedCompression = Exclude<Compression, "none"> | "xz" | "bzip2";

/** What the first bytes say about how the rest is compressed; undefined when they say nothing known. */
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

/** The uncompressed bytes. */
export function decompress(
  bytes: Bytes,
  compression: Compression,
  _options: DecompressOptions = {},
): Bytes {
  if (compression === "none") return bytes;
  throw new OciError("unsupported-compression", compression);
}

/** The compressed bytes. */
export function compress(
  bytes: Bytes,
  compression: Compression,
  _options: CompressOptions = {},
): Bytes {
  if (compression === "none") return bytes;
  throw new OciError("unsupported-compression", compression);
}
