// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import type { Bytes } from "../bytes.ts";

/** The push side of a {@link Bytes}: for producers that run synchronously, as the layer writer does. */
export interface Channel {
  /** Hands over a chunk. It is not copied: the caller may not use it any more. Ignored when the reader has gone. */
  push(chunk: Uint8Array): void;
  /** Says that no more chunks come. Idempotent. */
  end(): void;
  /** Says that no more chunks come because of `error`, which the reader gets after the chunks pushed before. */
  fail(error: unknown): void;
  /**
   * Resolves when less than the high water mark is waiting to be read. Await it between pushes: that bounds
   * the memory.
   * @throws OciError `aborted` when the reader stopped before the end
   */
  ready(): Promise<void>;
  /** What was pushed, to be read once. */
  readonly bytes: Bytes;
}

/** Options of {@link createChannel}. */
export interface ChannelOptions {
  /** Bytes that may wait to be read. */
  readonly highWaterMark?: number | undefined;
}

const HIGH_WATER_MARK = 1024 * 1024;

/** Creates a channel: what is pushed at one side is read at the other. */
export function createChannel(options: ChannelOptions = {}): Channel {
  const mark = options.highWaterMark ?? HIGH_WATER_MARK;
  const queue: Uint8Array[] = [];
  let waiting = 0;
  let failure: { readonly error: unknown } | undefined;
  let ended = false;
  let gone = false;
  let wakeReader = noop;
  let wakeWriters: (() => void)[] = [];

  const wakeAll = (): void => {
    const woken = wakeWriters;
    wakeWriters = [];
    for (const wake of woken) wake();
  };

  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = queue.shift();
        if (chunk !== undefined) {
          waiting -= chunk.length;
          if (waiting < mark) wakeAll();
          yield chunk;
        } else if (failure !== undefined) {
          throw failure.error;
        } else if (ended) {
          return;
        } else {
          await new Promise<void>((resolve) => (wakeReader = resolve));
        }
      }
    } finally {
      gone = true;
      queue.length = 0;
      wakeAll();
    }
  }

  return {
    push(chunk) {
      if (gone || ended || chunk.length === 0) return;
      queue.push(chunk);
      waiting += chunk.length;
      wakeReader();
    },
    end() {
      ended = true;
      wakeReader();
    },
    fail(error) {
      if (!ended) failure ??= { error };
      ended = true;
      wakeReader();
    },
    async ready() {
      while (!gone && waiting >= mark) {
        await new Promise<void>((resolve) => wakeWriters.push(resolve));
      }
      if (gone && !ended) throw readerGone();
    },
    bytes: read(),
  };
}

function readerGone(): OciError {
  return new OciError("aborted", "channel: the reader stopped before everything was written");
}

function noop(): void {
  // nobody waits yet
}
