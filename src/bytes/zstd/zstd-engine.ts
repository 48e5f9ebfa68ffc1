// SPDX-License-Identifier: MIT
import type { Bytes } from "../bytes.ts";

/** One implementation of zstd. All decode to the same bytes; their encoders make different bytes. */
export interface ZstdEngine {
  readonly name: "native" | "codec";
  /** Bytes of the largest window it can decode. */
  readonly largestWindow: number;
  /** The highest level it can encode at. */
  readonly highestLevel: number;
  /** How many streams may encode at the same time without taking much memory. */
  readonly encodersAtOnce: number;
  /** Decodes the pieces of frames that `readFrames` yields. No frame has a larger window than `window`. */
  decode(pieces: Bytes, window: number): Bytes;
  /** Encodes to one frame. */
  encode(bytes: Bytes, level: number): Bytes;
}
