// SPDX-License-Identifier: MIT
import type { Bytes } from "../bytes.ts";

/** One way to run zstd. All decode to the same bytes; what they encode differs from engine to engine. */
export interface ZstdEngine {
  readonly name: "native" | "codec";
  /** Bytes of the largest window it can decode. */
  readonly largestWindow: number;
  /** The highest level it can encode at. */
  readonly highestLevel: number;
  /** Decodes pieces of frames, as `readFrames` cuts them, none with a window above `window`. */
  decode(pieces: Bytes, window: number): Bytes;
  /** Encodes to one frame. */
  encode(bytes: Bytes, level: number): Bytes;
}
