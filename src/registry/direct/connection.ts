// SPDX-License-Identifier: MIT
import type { Socket } from "node:net";
import { nothingCame, readFrom, type Reader } from "./reader.ts";

/** A connection for one request after the other. */
export interface Connection {
  readonly reader: Reader;
  send(...parts: readonly (string | Uint8Array)[]): void;
  /** Resolves when the memory of a chunk may be used again; to false when the connection has ended. Never fails. */
  write(chunk: Uint8Array): Promise<boolean>;
  /**
   * Runs `read`, and ends the connection when that takes longer. Otherwise each wait may take `idleTimeout`.
   * @param since the time counts from when this resolves. Default: from now on
   */
  within<T>(milliseconds: number, read: () => Promise<T>, since?: Promise<unknown>): Promise<T>;
  /**
   * Lets it rest between two requests: it keeps no process alive, and ends when anything happens to it or after so
   * many milliseconds.
   */
  rest(milliseconds: number): void;
  /** Ends the rest. False when it is of no more use. */
  resume(): boolean;
  /** Ends the connection; whoever waits for its bytes gets the error. */
  destroy(error?: Error): void;
}

const NOTHING = (): void => undefined;

/** Takes over a socket that stands and that nobody reads. */
export function openConnection(socket: Socket, idleTimeout: number): Connection {
  let ended: { readonly error?: Error } | undefined;
  let isTimed = false;
  let onEvent = NOTHING;
  const end = (error?: Error): void => {
    ended ??= error === undefined ? {} : { error };
    onEvent();
  };
  const destroy = (error?: Error): void => {
    end(error);
    socket.destroy();
  };
  const drop = (): void => void socket.destroy();
  socket.on("readable", () => onEvent()).on("error", end);
  socket.once("end", () => end()).once("close", () => end());

  const wait = async (): Promise<void> => {
    const late = (): void => destroy(nothingCame(idleTimeout));
    const timer = isTimed ? undefined : setTimeout(late, idleTimeout);
    await new Promise<void>((resolve) => (onEvent = resolve));
    onEvent = NOTHING;
    clearTimeout(timer);
  };
  const next = async (): Promise<Uint8Array | undefined> => {
    for (;;) {
      const chunk = socket.read() as Uint8Array | null;
      if (chunk !== null) return chunk;
      if (ended?.error !== undefined) throw ended.error;
      if (ended !== undefined) return undefined;
      await wait();
    }
  };
  return {
    reader: readFrom({ next }),
    send: (...parts) => {
      socket.cork();
      for (const part of parts) socket.write(part);
      socket.uncork();
    },
    write: (chunk) =>
      new Promise((resolve) => {
        if (ended !== undefined || socket.destroyed) resolve(false);
        else socket.write(chunk, (error) => resolve(!(error instanceof Error)));
      }),
    within: async (milliseconds, read, since) => {
      isTimed = true;
      let isOver = false;
      let timer: NodeJS.Timeout | undefined;
      const start = (): void => {
        if (isOver) return;
        timer = setTimeout(() => destroy(nothingCame(milliseconds)), milliseconds);
      };
      // Whoever waits for `since` itself hears of its failure.
      if (since === undefined) start();
      else since.then(start, () => undefined);
      try {
        return await read();
      } finally {
        isOver = true;
        isTimed = false;
        clearTimeout(timer);
      }
    },
    rest: (milliseconds) => {
      onEvent = drop;
      socket.unref().setTimeout(milliseconds, drop);
    },
    resume: () => {
      onEvent = NOTHING;
      // Named, because only so does the socket forget it: each rest adds one.
      socket.ref().setTimeout(0, drop);
      return ended === undefined && !socket.destroyed && socket.readableLength === 0;
    },
    destroy,
  };
}
