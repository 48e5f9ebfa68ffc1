// SPDX-License-Identifier: MIT
import type { OnReadOpts, Socket } from "node:net";
import { throwIfAborted } from "../../bytes/abort.ts";
import type { Limits } from "../../oci/limits.ts";
import { unreachable, wrapAnswer, type Answer, type Exchange } from "../exchange.ts";
import { redactUrl } from "../hosts.ts";
import { parseAnswerHead, type AnswerHead } from "../wire/answer-head.ts";
import { openIncoming, type Incoming } from "./incoming.ts";

/** Opens a plain connection, which hands all that arrives to `onread`. */
export type Connect = (target: URL, onread: OnReadOpts) => Promise<Socket>;

/** Below this many bytes, a connection of its own costs more than it saves. */
const WORTH_A_CONNECTION = 4 * 1024 * 1024;
/** The longest head, in bytes: as for every other answer. */
const HEAD_BYTES = 32 * 1024;
const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Whether a download may go over a connection of its own: large, and without TLS. */
export function isDirect({ method, url, expected = 0, body, headers }: Exchange): boolean {
  return (
    method === "GET" &&
    body === undefined &&
    url.protocol === "http:" &&
    expected >= WORTH_A_CONNECTION &&
    Object.values(headers).every((value) => SENDABLE.test(value))
  );
}

/**
 * Downloads over a connection of its own, whose bytes nothing but their reader touches: undici's parser takes half
 * of the processor time of a pull. Only the plainest successful answer is taken.
 * @returns undefined for any other answer: then the request is to be sent again, the usual way
 * @throws as `exchange`
 */
export async function download(
  connect: Connect,
  request: Exchange,
  limits: Limits,
): Promise<Answer | undefined> {
  const { url, signal } = request;
  const incoming = openIncoming(limits.idleTimeout);
  let socket: Socket | undefined;
  const stop = (): void => void socket?.destroy();
  signal?.addEventListener("abort", stop);
  const close = (): void => {
    signal?.removeEventListener("abort", stop);
    stop();
  };
  try {
    throwIfAborted(signal, `GET ${redactUrl(url)}`);
    socket = await connect(url, incoming.onread);
    incoming.attach(socket);
    throwIfAborted(signal, `GET ${redactUrl(url)}`);
    socket.write(formatHead(request));
    const got = await readHead(incoming);
    if (got === undefined) {
      close();
      return undefined;
    }
    const { head, rest } = got;
    const body = Object.assign(readBody(incoming, head, rest, close), {
      dump: () => {
        close();
        return Promise.resolve();
      },
    });
    return wrapAnswer(request, { ...head, body }, limits);
  } catch (error) {
    close();
    throw unreachable(request, error);
  }
}

function formatHead({ url, headers }: Exchange): string {
  const lines = Object.entries({ "accept-encoding": "identity", ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: close\r\n${lines.join("")}\r\n`;
}

async function readHead(
  incoming: Incoming,
): Promise<{ readonly head: AnswerHead; readonly rest: Uint8Array } | undefined> {
  let read = Buffer.alloc(0);
  while (read.length < HEAD_BYTES) {
    const chunk = await incoming.next();
    if (chunk === undefined) return undefined;
    read = Buffer.concat([read, chunk]);
    const end = read.indexOf("\r\n\r\n");
    if (end < 0) continue;
    const head = end > HEAD_BYTES ? undefined : parseAnswerHead(read.toString("latin1", 0, end));
    return head && { head, rest: read.subarray(end + 4) };
  }
  return undefined;
}

async function* readBody(
  incoming: Incoming,
  { length }: AnswerHead,
  first: Uint8Array,
  close: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    let left = length;
    for (let chunk: Uint8Array | undefined = first; left > 0; chunk = await incoming.next()) {
      if (chunk === undefined) {
        const message = `the connection ended ${left} bytes early`;
        throw Object.assign(new Error(message), { code: "ECONNRESET" });
      }
      const part = chunk.subarray(0, left);
      left -= part.length;
      if (part.length > 0) yield part;
      if (left === 0) return;
    }
  } finally {
    close();
  }
}
