// SPDX-License-Identifier: MIT
import type { Entry } from "../entry.ts";

/** Where an entry lies in the uncompressed layer. */
export interface EntryPosition {
  /** 0 for the first entry of the layer; extended headers are not entries. */
  readonly ordinal: number;
  /** Where its first header block starts, extended headers of its own included. */
  readonly headerOffset: number;
  /** Where its stored content starts. */
  readonly contentOffset: number;
  /** Bytes stored from there. Equal to the entry's `size` unless the file is stored sparsely. */
  readonly storedSize: number;
}

/** What a layer's parser tells. Called synchronously from `feed` and `end`; what it throws, they throw. */
export interface LayerHandler {
  /** A new entry. `size` bytes of content follow before the next one. */
  entry(entry: Entry, position: EntryPosition): void;
  /** Some content of the entry announced last, in order, never empty. The chunk is valid during the call only. */
  data(chunk: Uint8Array): void;
  /**
   * `length` zero bytes of a sparse file, any number: a few bytes of a layer stand for terabytes. Without
   * this method they come through `data`, as many as the limit `holeBytes` lets.
   */
  hole?(length: number): void;
  /** The layer was read to its end and is whole. */
  end?(): void;
}
