// SPDX-License-Identifier: MIT
import { BLOCK } from "../format/header-layout.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * The bytes that were fed and are not parsed yet: the rest of the last chunk, and before it a block that
 * began in earlier chunks. Where possible, views of the chunk are handed out, not copies.
 */
export class BlockInput {
  /** No more chunks will come. */
  ended = false;
  #chunk = NOTHING;
  #at = 0;
  /** The offset in the layer of the chunk's first byte. */
  #base = 0;
  readonly #held = new Uint8Array(BLOCK);
  #heldLength = 0;

  /** Takes the next chunk. The one before must be used up. */
  give(chunk: Uint8Array): void {
    this.#base += this.#chunk.length;
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** The offset in the layer of the next byte. */
  get offset(): number {
    return this.#base + this.#at - this.#heldLength;
  }

  /** How many bytes there are of a next block that is not complete. */
  get heldLength(): number {
    return this.#heldLength;
  }

  /** The next block, without passing over it; undefined when more must be fed. Valid until the next call of `feed`. */
  peekBlock(): Uint8Array | undefined {
    const end = this.#at + BLOCK - this.#heldLength;
    if (this.#heldLength === 0 && end <= this.#chunk.length) {
      return this.#chunk.subarray(this.#at, end);
    }
    const part = this.#chunk.subarray(this.#at, end);
    this.#held.set(part, this.#heldLength);
    this.#at += part.length;
    this.#heldLength += part.length;
    return this.#heldLength === BLOCK ? this.#held : undefined;
  }

  /** Passes over the block that {@link peekBlock} returned. */
  skipBlock(): void {
    if (this.#heldLength > 0) this.#heldLength = 0;
    else this.#at += BLOCK;
  }

  /** Takes the next bytes, at most `limit`; none when more must be fed. Their memory is never written to again. */
  take(limit: number): Uint8Array {
    if (this.#heldLength > 0) return this.#takeHeld(limit);
    const start = this.#at;
    this.#at = Math.min(start + limit, this.#chunk.length);
    return start === 0 && this.#at === this.#chunk.length
      ? this.#chunk
      : this.#chunk.subarray(start, this.#at);
  }

  /**
   * Takes the next `size` bytes in one piece; undefined, and nothing is taken, when the chunk doesn't have
   * them all.
   */
  takeWhole(size: number): Uint8Array | undefined {
    const end = this.#at + size;
    return this.#heldLength === 0 && end <= this.#chunk.length ? this.take(size) : undefined;
  }

  #takeHeld(limit: number): Uint8Array {
    const part = this.#held.slice(0, Math.min(limit, this.#heldLength));
    this.#held.copyWithin(0, part.length, this.#heldLength);
    this.#heldLength -= part.length;
    return part;
  }

  /** Passes over at most `limit` bytes. Returns how many. */
  skip(limit: number): number {
    if (this.#heldLength > 0) return this.#takeHeld(limit).length;
    const start = this.#at;
    this.#at = Math.min(start + limit, this.#chunk.length);
    return this.#at - start;
  }
}
