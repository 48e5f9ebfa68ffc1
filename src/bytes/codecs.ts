// SPDX-License-Identifier: MIT
import type { DigestAlgorithm } from "../oci/digest.ts";
import type { Bytes } from "./bytes.ts";

/**
 * The codecs of a platform. The import `#codecs` stands for them (see `imports` in package.json). Errors come
 * while a result is read; a codec that the platform lacks throws `unsupported-compression`.
 */
export interface Codecs {
  /** @throws OciError while reading: `truncated`, `invalid-compression` */
  readonly gunzip: (bytes: Bytes, what: string) => Bytes;
  /** {@link gunzip} that also hashes what comes out, both in another thread where there is one. */
  readonly gunzipInThread: (bytes: Bytes, options: GunzipInThreadOptions) => Bytes;
  /** One member. `level` is 1 to 9. */
  readonly gzip: (bytes: Bytes, level: number) => Bytes;
  /** @throws OciError while reading: `truncated`, `invalid-compression`, `limit-exceeded` (a window) */
  readonly unzstd: (bytes: Bytes, options: UnzstdOptions) => Bytes;
  /** One frame. `level` is 1 to 19. */
  readonly zstd: (bytes: Bytes, level: number) => Bytes;
  /** How many streams {@link Codecs.zstd} may make at the same time without taking much memory. */
  readonly zstdAtOnce: () => Promise<number>;
}

/** Options of {@link Codecs.gunzipInThread}. */
export interface GunzipInThreadOptions {
  /** What the bytes are called in an error. */
  readonly what: string;
  /** Hashes the uncompressed bytes. */
  readonly algorithm: DigestAlgorithm;
  /** Called once with their digest as hex, when all of them have been read. */
  readonly done: (hex: string) => void;
}

/** Options of {@link Codecs.unzstd}. */
export interface UnzstdOptions {
  /** Bytes of the largest window to accept; a decoder may hold less. */
  readonly maxWindow: number;
  /** What the bytes are called in an error. */
  readonly what: string;
}
