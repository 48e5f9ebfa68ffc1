// SPDX-License-Identifier: MIT
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

type Headers = Record<string, string>;

/** Changes the headers of an answer when its head is written. Later calls see what earlier ones changed. */
export function rewriteHeaders(response: ServerResponse, edit: (headers: Headers) => void): void {
  const writeHead = response.writeHead.bind(response);
  Object.assign(response, {
    writeHead: (status: number, given: OutgoingHttpHeaders = {}) => {
      const headers: Headers = {};
      for (const [name, value] of Object.entries(given)) headers[name] = String(value);
      edit(headers);
      return writeHead(status, headers);
    },
  });
}

/**
 * Sends the body of an answer by a function of one's own, chunk after chunk, each when the one before was sent.
 * @param send gets a chunk and a function that really writes
 */
export function rewriteBody(
  response: ServerResponse,
  send: (chunk: Buffer, write: (part: Buffer) => void) => void | Promise<void>,
): void {
  const write = response.write.bind(response) as (chunk: Buffer) => boolean;
  const end = response.end.bind(response) as (callback?: () => void) => void;
  const writePart = (part: Buffer): void => {
    if (!response.destroyed && part.length > 0) write(part);
  };
  let sent = Promise.resolve();
  const queue = (chunk: unknown): void => {
    const bytes = Buffer.from(chunk as Uint8Array);
    sent = sent.then(() => send(bytes, writePart));
  };
  const isFunction = (value: unknown): value is () => void => typeof value === "function";
  Object.assign(response, {
    write: (chunk: unknown, ...rest: readonly unknown[]) => {
      queue(chunk);
      sent = sent.then(() => {
        rest.find(isFunction)?.();
        response.emit("drain");
      });
      return false;
    },
    end: (...given: readonly unknown[]) => {
      const [chunk] = given;
      if (chunk !== undefined && chunk !== null && !isFunction(chunk)) queue(chunk);
      sent = sent.then(() => end(given.find(isFunction)));
      return response;
    },
  });
}
