// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes } from "../bytes/bytes.ts";
import type { Entry } from "./entry.ts";
import type { EntryPosition, LayerParserOptions } from "./layer-parser.ts";

/** One entry of a layer that is being read. */
export interface LayerItem {
  readonly entry: Entry;
  readonly position: EntryPosition;
  /** The content, to be read before the next item is asked for; what is not read is skipped. */
  readonly content: Bytes;
}

export declare function readLayer(
  bytes: Bytes,
  options?: LayerParserOptions & AbortOptions,
): AsyncIterableIterator<LayerItem>;
