// SPDX-License-Identifier: MIT
import type { OnReadOpts, Socket } from "node:net";
import { throwIfAborted } from "../../bytes/abort.ts";
import { withStep } from "../../bytes/streams/chunk-steps.ts";
import type { Limits } from "../../oci/limits.ts";
import { HEAD_BYTES, unreachable, wrapAnswer, type Answer, type Exchange } from "../exchange.ts";
import { redactUrl } from "../hosts.ts";
import { parseAnswerHead, type AnswerHead } from "../wire/answer-head.ts";
import { readAnswerBody } from "./answer-body.ts";
import { formatRequest, isSendable } from "./format-request.ts";
import { openIncoming } from "./incoming.ts";
import { readFrom, type Reader } from "./reader.ts";

/** Opens a plain connection, which hands all that arrives to `onread`. */
export type Connect = (target: URL, onread: OnReadOpts) => Promise<Socket>;

/** Below this many bytes, a connection of its own costs more than it saves. */
const WORTH_A_CONNECTION = 4 * 1024 * 1024;

/** Whether a download may go over a connection of its own: large, and without TLS. */
export function isDownload(request: Exchange): boolean {
  const { method, url, expected = 0, body } = request;
  return (
    method === "GET" &&
    body === undefined &&
    url.protocol === "http:" &&
    expected >= WORTH_A_CONNECTION &&
    isSendable(request)
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
    socket.write(Buffer.from(formatRequest(request, "close"), "latin1"));
    const reader = readFrom(incoming);
    const head = await readHead(reader);
    if (head === undefined) {
      close();
      return undefined;
    }
    const bytes = withStep(readAnswerBody(reader, head.framing), { onClose: close });
    const body = Object.assign(bytes, {
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

/** Only that of the plainest successful answer, which brings a body of known length. */
async function readHead(reader: Reader): Promise<AnswerHead | undefined> {
  const text = await reader.until("\r\n\r\n", HEAD_BYTES, "HTTP/");
  const head = text === undefined ? undefined : parseAnswerHead(text, "GET");
  if (head?.statusCode !== 200 && head?.statusCode !== 206) return undefined;
  return typeof head.framing !== "number" || "content-encoding" in head.headers ? undefined : head;
}
