// SPDX-License-Identifier: MIT
import type { Entry } from "../entry.ts";

/** The position of an entry in the uncompressed layer. */
export interface EntryPosition {
  /** 0 for the first entry of the layer; extended headers are not entries. */
  readonly ordinal: number;
  /** Where its first header starts, its extended headers included. */
  readonly headerOffset: number;
  /** Where its content starts. */
  readonly contentOffset: number;
  /** Bytes of content in the layer. Differs from the entry's `size` only for a sparse file. */
  readonly storedSize: number;
}

/**
 * Receives what a parser finds. Its methods are called synchronously from `feed` and `end`, which pass on
 * what they throw.
 */
export interface LayerHandler {
  /** A new entry. `size` bytes of content follow before the next one. */
  entry(entry: Entry, position: EntryPosition): void;
  /** The next content of the last entry, never empty. The chunk is valid only during the call. */
  data(chunk: Uint8Array): void;
  /**
   * A hole of a sparse file: `length` zero bytes, any number: a few bytes of a layer can stand for terabytes.
   * Without this method, `data` gets them, up to the limit `holeBytes`.
   */
  hole?(length: number): void;
  /** The layer was read to its end and is complete. */
  end?(): void;
}
