// SPDX-License-Identifier: MIT
import type { Bytes } from "../bytes.ts";

/**
 * What is done with the chunks of bytes on their way, without waiting. What one of these functions throws ends the bytes:
 * their source is closed, and the reader gets the error.
 */
export interface ChunkStep {
  /** The reader asks for a chunk, and the source was not asked yet. */
  readonly onAsked?: (() => void) | undefined;
  /** Returns what goes on in place of the chunk. Undefined: nothing does, and the source is asked for the next one. */
  readonly onChunk?: ((chunk: Uint8Array) => Uint8Array | undefined) | undefined;
  /** After the last chunk: may return one more. */
  readonly onEnd?: (() => Uint8Array | undefined) | undefined;
  /** Returns the error that goes on in place of this one, which ended the bytes in this step or before. Never throws. */
  readonly onFailure?: ((error: unknown) => unknown) | undefined;
  /** Called once when nothing more is read, whatever the reason. The source is closed by then. Never throws. */
  readonly onClose?: (() => void) | undefined;
}

/**
 * The same bytes with a step on their way. Steps of the same bytes are taken in one go: a generator for each step cost
 * more than reading, hashing and sending a chunk of 64 KiB.
 */
export function withStep(bytes: Bytes, step: ChunkStep): Bytes {
  return bytes instanceof Stepped
    ? new Stepped(bytes.source, [...bytes.steps, step])
    : new Stepped(bytes, [step]);
}

/** Bytes, and the steps on their way, the first one first. */
class Stepped implements AsyncIterable<Uint8Array> {
  readonly source: Bytes;
  readonly steps: readonly ChunkStep[];

  constructor(source: Bytes, steps: readonly ChunkStep[]) {
    this.source = source;
    this.steps = steps;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return new Walk(this.source, this.steps);
  }
}

const OVER: IteratorResult<Uint8Array> = Object.freeze({ done: true, value: undefined });

/** One reading of stepped bytes. */
class Walk implements AsyncIterator<Uint8Array> {
  readonly #source: Bytes;
  readonly #steps: readonly ChunkStep[];
  #chunks: AsyncIterator<Uint8Array> | undefined;
  #hasSourceEnded = false;
  /** How many steps have seen the end. */
  #ended = 0;
  /** The step that is being taken. */
  #at = 0;
  #isOver = false;

  constructor(source: Bytes, steps: readonly ChunkStep[]) {
    this.#source = source;
    this.#steps = steps;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#isOver) return OVER;
    try {
      this.#ask();
      let chunk: Uint8Array | undefined;
      while (chunk === undefined && !this.#hasSourceEnded) chunk = await this.#take();
      chunk ??= this.#end();
      if (chunk !== undefined) return { done: false, value: chunk };
    } catch (error) {
      throw await this.#fail(error);
    }
    return this.return();
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    if (this.#isOver) return OVER;
    this.#isOver = true;
    try {
      await this.#chunks?.return?.();
    } finally {
      for (const { onClose } of this.#steps) onClose?.();
    }
    return OVER;
  }

  #ask(): void {
    for (this.#at = 0; this.#at < this.#steps.length; this.#at += 1) {
      this.#steps[this.#at]!.onAsked?.();
    }
  }

  /** The next chunk of the source, if the steps leave anything of it. */
  async #take(): Promise<Uint8Array | undefined> {
    this.#at = 0;
    this.#chunks ??= this.#source[Symbol.asyncIterator]();
    const next = await this.#chunks.next();
    const isStopped = this.#isOver;
    if (next.done !== true && !isStopped) return this.#pass(next.value, 0);
    this.#hasSourceEnded = true;
    // A reader that stopped meanwhile has not come to the end.
    if (isStopped) this.#ended = this.#steps.length;
    return undefined;
  }

  #pass(chunk: Uint8Array, from: number): Uint8Array | undefined {
    let passed: Uint8Array | undefined = chunk;
    for (this.#at = from; this.#at < this.#steps.length; this.#at += 1) {
      const { onChunk } = this.#steps[this.#at]!;
      if (onChunk !== undefined) passed = onChunk(passed);
      if (passed === undefined) return undefined;
    }
    return passed;
  }

  /** The next chunk that a step gives after the source has ended. */
  #end(): Uint8Array | undefined {
    while (this.#ended < this.#steps.length) {
      this.#at = this.#ended;
      const last = this.#steps[this.#at]!.onEnd?.();
      this.#ended += 1;
      const passed = last && this.#pass(last, this.#ended);
      if (passed !== undefined) return passed;
    }
    return undefined;
  }

  /** Ends the bytes. The error that the reader gets. */
  async #fail(cause: unknown): Promise<unknown> {
    let error = cause;
    for (const { onFailure } of this.#steps.slice(this.#at)) {
      if (onFailure !== undefined) error = onFailure(error);
    }
    // An error of closing would hide why it was closed.
    await this.return().catch(() => undefined);
    return error;
  }
}
