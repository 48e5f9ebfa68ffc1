// SPDX-License-Identifier: MIT
import { readSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** The rest of a body, which {@link receiveDirectly} reads. */
export interface RestOfBody {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** That of the connection: see {@link descriptorOf}. */
  readonly fd: number;
  /** How many bytes are left. */
  readonly left: number;
  readonly take: (chunk: Uint8Array) => void;
}

/** What Node reads at once. When it gets so much, there may be more. */
const NODE_READS = 64 * 1024;
const BLOCK = 1024 * 1024;
const BLOCKS_PER_TURN = 4;

/** One for all connections: a block is taken before anything else happens. */
let block: Buffer | undefined;

/**
 * The descriptor by which {@link receiveDirectly} can read from a connection. Undefined where it can't: where TLS is
 * spoken, on Windows, and where something else reads from the connection too.
 */
export function descriptorOf(socket: Socket): number | undefined {
  const { fd } = (socket as { _handle?: { fd?: unknown } | null })._handle ?? {};
  const isOurs = !(socket instanceof TLSSocket) && socket.listenerCount("data") <= 1;
  return isOurs && typeof fd === "number" && fd >= 0 ? fd : undefined;
}

/**
 * Reads the rest of a body from its connection, in blocks of a MiB into memory that is used again, past Node's parser,
 * which allocates, copies and announces every 64 KiB: a push took 1.5 times the processor time through it. The parser
 * never learns where the body ended, so the answer says that the connection closes.
 * @throws what `take` throws; Error when the client breaks off
 */
export function receiveDirectly(rest: RestOfBody): Promise<void> {
  const { request, response, fd, take } = rest;
  const { socket } = request;
  let left = rest.left;
  return new Promise((resolve, reject) => {
    let failed = false;
    const fail = (error: Error): void => {
      failed = true;
      reject(error);
    };
    const eat = (chunk: Uint8Array): void => {
      const part = chunk.length > left ? chunk.subarray(0, left) : chunk;
      left -= part.length;
      try {
        if (!failed) take(part);
      } catch (error) {
        fail(error as Error);
      }
      if (left > 0) return;
      socket.off("close", onClose).off("end", onEnd).off("data", onData);
      // The client waits for the answer now, and can't be asked for anything more.
      socket.setTimeout(0);
      closeAfterAnswer(response, socket);
      resolve();
    };
    const onData = (chunk: Uint8Array): void => {
      eat(chunk);
      if (chunk.length >= NODE_READS) readOn();
    };
    const readOn = (): void => {
      block ??= Buffer.allocUnsafeSlow(BLOCK);
      for (let blocks = 0; left > 0; blocks += 1) {
        if (blocks === BLOCKS_PER_TURN) {
          // The other connections have their turn.
          socket.pause();
          setImmediate(() => socket.resume());
          return;
        }
        const count = readNow(fd, block, Math.min(BLOCK, left));
        if (count > 0) eat(block.subarray(0, count));
        if (count < BLOCK) return;
      }
    };
    const onEnd = (): void => {
      fail(new Error("the client broke off"));
      socket.destroy();
    };
    const onClose = (): void => fail(socket.errored ?? new Error("the client has gone"));

    const others = (["data", "end"] as const).flatMap((event) =>
      socket.listeners(event).map((listener) => [event, listener as () => void] as const),
    );
    // When somebody else listens for data, Node's parser stops reading from the connection by itself.
    socket.on("data", onData).on("end", onEnd).on("close", onClose);
    for (const [event, listener] of others) socket.off(event, listener);
  });
}

/**
 * What has come by now; 0 when that is nothing, which the system reports as an error (`EAGAIN`). Of the end of the
 * connection, and of what else is wrong with it, Node tells.
 */
function readNow(fd: number, into: Uint8Array, length: number): number {
  try {
    return readSync(fd, into, 0, length, null);
  } catch {
    return 0;
  }
}

/** Closes a connection after the answer, which has begun if it told of a failure. */
function closeAfterAnswer(response: ServerResponse, socket: Socket): void {
  if (!response.headersSent) response.setHeader("connection", "close");
  else if (response.writableFinished) socket.destroySoon();
  else response.once("finish", () => socket.destroySoon());
}
