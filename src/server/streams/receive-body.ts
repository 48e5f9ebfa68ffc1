// SPDX-License-Identifier: MIT
import type { IncomingMessage, ServerResponse } from "node:http";
import { descriptorOf, receiveDirectly } from "./receive-directly.ts";

/** Bodies below this, and what is left of one, come through Node's parser: a new connection costs more than they do. */
const SHORT = 1024 * 1024;

/**
 * Calls `take` with each chunk of a request's body, and resolves when it has arrived whole. What `take` throws ends this;
 * the rest of the body is then dropped as it comes, so that the client reads the answer instead of hearing of a broken
 * connection. The longest part of a long body is read from the connection directly where that is possible.
 * @throws what `take` throws; Error when the client breaks off
 */
export function receiveBody(
  request: IncomingMessage,
  response: ServerResponse,
  take: (chunk: Uint8Array) => void,
): Promise<void> {
  let left = Number(request.headers["content-length"] ?? 0);
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      request.off("data", onData).off("end", onEnd).off("error", onError).off("close", onClose);
    };
    const onData = (chunk: Uint8Array): void => {
      left -= chunk.length;
      try {
        take(chunk);
      } catch (error) {
        onError(error as Error);
        request.resume();
      }
    };
    const onEnd = (): void => {
      stop();
      resolve();
    };
    const onError = (error: Error): void => {
      stop();
      reject(error);
    };
    const onClose = (): void => onError(new Error("the client has gone"));
    const goOnDirectly = (): void => {
      const fd = descriptorOf(request.socket);
      if (
        fd === undefined ||
        left < SHORT ||
        request.listenerCount("data") !== 1 ||
        request.destroyed
      )
        return;
      // What Node's parser has read already comes at once.
      while (request.read() !== null);
      if (request.listenerCount("data") !== 1) return;
      stop();
      receiveDirectly({ request, response, fd, left, take }).then(resolve, reject);
    };

    if (request.destroyed) {
      reject(request.errored ?? new Error("the client has gone"));
      return;
    }
    request.on("data", onData).on("end", onEnd).on("error", onError).on("close", onClose);
    // Later, because the parser may be at work on bytes that came with the head.
    if (left >= SHORT) setImmediate(goOnDirectly);
  });
}
