// SPDX-License-Identifier: MIT
import type { Descriptor } from "./descriptor.ts";

/**
 * A JSON document with the bytes it was read from. The bytes are what was digested and what is sent
 * on; `value` is a view beside them and is never serialised again. Fields unknown to this version
 * stay on `value`.
 */
export interface Document<T> {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly value: T;
}
