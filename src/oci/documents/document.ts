// SPDX-License-Identifier: MIT
import type { Descriptor } from "./descriptor.ts";

/**
 * A JSON document with the bytes it was read from. The digest is that of the bytes, and the bytes are what is
 * sent on; `value` is what they were parsed to, and is never serialised again. Fields unknown to this version
 * stay on `value`.
 */
export interface Document<T> {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly value: T;
}
