// SPDX-License-Identifier: MIT

/** Where bytes arrive. */
export interface Incoming {
  /**
   * The next bytes, in memory that the next call may use again. Undefined when the other side has ended its own.
   * @throws the connection's error; `ETIMEDOUT` when nothing comes for too long
   */
  next(): Promise<Uint8Array | undefined>;
}

/** Cuts what arrives on one connection into what it consists of. */
export interface Reader {
  /**
   * The text up to `mark`, which is dropped: one character a byte. Undefined when it is longer than `most`, and as soon
   * as it can't begin with `start`: who sends something else may wait for us, and would never send the mark.
   * @throws as {@link Incoming}; `ERR_STREAM_PREMATURE_CLOSE` when the other side ends before
   */
  until(mark: string, most: number, start?: string): Promise<string | undefined>;
  /** The next bytes, at most so many, in memory that the next call may use again. Undefined at the end. */
  some(most: number): Promise<Uint8Array | undefined>;
  /** Whether nothing has arrived that was not asked for yet. */
  isEmpty(): boolean;
}

/** Reads what arrives. */
export function readFrom(incoming: Incoming): Reader {
  let held: Uint8Array = new Uint8Array();
  return {
    until: async (mark, most, start = "") => {
      // A copy: the memory of a chunk is used again for the next one.
      let read = Buffer.from(held);
      let from = 0;
      for (;;) {
        if (!start.startsWith(read.toString("latin1", 0, start.length))) return undefined;
        const at = read.indexOf(mark, from);
        if (at > most || (at < 0 && read.length > most + mark.length)) return undefined;
        if (at >= 0) {
          held = read.subarray(at + mark.length);
          return read.toString("latin1", 0, at);
        }
        from = Math.max(0, read.length - mark.length);
        const chunk = await incoming.next();
        if (chunk === undefined) throw hungUp();
        read = Buffer.concat([read, chunk]);
      }
    },
    some: async (most) => {
      const chunk = held.length > 0 ? held : await incoming.next();
      held = chunk?.subarray(most) ?? new Uint8Array();
      return chunk?.subarray(0, most);
    },
    isEmpty: () => held.length === 0,
  };
}

/** The error when the other side ends before all has come. */
export function hungUp(): Error {
  const message = "the other side ended the connection";
  return Object.assign(new Error(message), { code: "ERR_STREAM_PREMATURE_CLOSE" });
}

/** The error when nothing came for so many milliseconds. */
export function nothingCame(milliseconds: number): Error {
  return Object.assign(new Error(`nothing came for ${milliseconds} ms`), { code: "ETIMEDOUT" });
}
