// SPDX-License-Identifier: MIT
import type { Bytes } from "../bytes/bytes.ts";
import type { Entry } from "./entry.ts";

/** An entry to write, with its content where `entry.size` is not 0. */
export interface LayerInput {
  readonly entry: Entry;
  readonly content?: Bytes | undefined;
}

export declare function writeLayer(items: AsyncIterable<LayerInput> | Iterable<LayerInput>): Bytes;
