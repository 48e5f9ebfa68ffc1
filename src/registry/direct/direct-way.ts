// SPDX-License-Identifier: MIT
import type { Socket } from "node:net";
import { withStep } from "../../bytes/streams/chunk-steps.ts";
import { abortedError, throwIfAborted } from "../../bytes/abort.ts";
import type { Limits } from "../../oci/limits.ts";
import {
  place,
  unreachable,
  wrapAnswer,
  type Answer,
  type Exchange,
  type RawAnswer,
  type Way,
} from "../exchange.ts";
import type { AnswerHead } from "../wire/answer-head.ts";
import { readAnswerBody } from "./answer-body.ts";
import { openConnection, type Connection } from "./connection.ts";
import { readContent, sendHead, SourceFailure, waitForAnswer, type Letter } from "./converse.ts";
import { isSendable } from "./format-request.ts";
import { keepConnections, type Taken } from "./kept-connections.ts";
import { sendBody, type SentBody } from "./send-body.ts";

/** Opens a connection over which requests can be sent: encrypted for https. */
export type Open = (target: URL) => Promise<Socket>;

/** A longer answer in plain http comes over a connection of its own, see `download`. */
const LONGEST_PLAIN = 4 * 1024 * 1024;
/** Milliseconds that a connection rests at most, as with undici. Most servers end theirs after five seconds. */
const REST = 4_000;
/** Milliseconds that reading what nobody wants may take. A new connection takes less. */
const DISCARD = 1_000;

/** Whether {@link openDirectWay} is made for a request. */
export function isForDirectWay(request: Exchange): boolean {
  const { body, url, expected = 0 } = request;
  const hasLength = body === undefined || body.size !== undefined;
  const isShort = expected < LONGEST_PLAIN || url.protocol === "https:";
  return hasLength && isShort && isSendable(request);
}

/**
 * Our own client, for requests that are not sent to a proxy as they are. For a command that sends a few of them, loading and
 * starting undici took a third of its time; a push takes three quarters of the processor time that it took through undici,
 * and a pull over TLS nine tenths, in 68 MB instead of 111. Answers that are not as plain as nearly all are left to undici.
 */
export function openDirectWay(open: Open, limits: Limits): Way<Answer | undefined> {
  const kept = keepConnections();
  /** Who answered in a way that is not understood. */
  const odd = new Set<string>();

  const talk = async (letter: Letter, taken: Taken): Promise<Answer | undefined> => {
    const { request, body } = letter;
    const { signal, url } = request;
    const { connection } = taken;
    const stop = (): void => connection.destroy();
    let sent: SentBody | undefined;
    const end = (rest?: number): void => {
      signal?.removeEventListener("abort", stop);
      sent?.stop();
      // What was not sent whole would be taken for the start of the next request.
      taken.giveBack(sent?.isWhole() === false ? 0 : rest);
    };
    try {
      throwIfAborted(signal, place(request));
      signal?.addEventListener("abort", stop);
      sendHead(connection, letter);
      sent = body && sendBody(connection, request, body, limits);
      const head = await waitForAnswer(connection, letter, sent, limits);
      if (head !== undefined) return wrapAnswer(request, answerOf(connection, head, end), limits);
      if (!isRepeatable(request)) throw notHttp();
      odd.add(url.origin);
      end();
      return undefined;
    } catch (error) {
      end();
      throw error;
    }
  };

  return {
    exchange: async (request, patience) => {
      const { url } = request;
      if (odd.has(url.origin)) return undefined;
      const letter = { request, patience, ...(await readContent(request)) };
      for (;;) {
        let isStale = false;
        try {
          const taken = await kept.take(url, () => connect(open, request, limits));
          isStale = taken.isUsed && isRepeatable(request);
          return await talk(letter, taken);
        } catch (error) {
          if (error instanceof SourceFailure) throw error.cause;
          // The other side may have ended a connection that rested, before it saw the request.
          if (!isStale || !isBroken(error)) throw unreachable(request, error);
        }
      }
    },
    close: () => kept.close(),
  };
}

/** An answer whose connection is given back after its body: to rest, if nothing speaks against it. */
function answerOf(
  connection: Connection,
  { statusCode, headers, framing, isLasting }: AnswerHead,
  end: (rest?: number) => void,
): RawAnswer {
  const { reader } = connection;
  const restOf = (): number => (isLasting && reader.isEmpty() ? restAllowed(headers) : 0);
  if (framing === 0) end(restOf());
  const body = withStep(readAnswerBody(reader, framing), {
    onEnd: () => {
      end(restOf());
      return undefined;
    },
    onClose: end,
  });
  const dump = async ({ limit }: { limit: number }): Promise<void> => {
    let left = limit;
    await connection.within(DISCARD, async () => {
      for await (const chunk of body) if ((left -= chunk.length) < 0) break;
    });
  };
  return { statusCode, headers, body: Object.assign(body, { dump }) };
}

/** Shorter where the server says that it ends its connections sooner. */
function restAllowed(headers: AnswerHead["headers"]): number {
  const seconds = /(?:^|[,\t ])timeout=(\d{1,9})/i.exec(headers["keep-alive"] ?? "")?.[1];
  return seconds === undefined ? REST : Math.min(REST, (Number(seconds) - 1) * 1000);
}

/** A new connection, waited for only as long as it is wanted. */
async function connect(
  open: Open,
  { url, signal, ...request }: Exchange,
  { idleTimeout }: Limits,
): Promise<Connection> {
  const opening = open(url).then((socket) => openConnection(socket, idleTimeout));
  if (signal === undefined) return opening;
  let stop = (): void => undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(abortedError(signal, place({ url, ...request })));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([opening, stopped]);
  } catch (error) {
    opening.then((late) => late.destroy()).catch(() => undefined);
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function notHttp(): Error {
  const message = "an answer that is not in HTTP/1.1";
  return Object.assign(new Error(message), { name: "HTTPParserError" });
}

/** Whether sending it twice is the same as sending it once. */
function isRepeatable({ method }: Exchange): boolean {
  return method === "GET" || method === "HEAD";
}

function isBroken(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ERR_STREAM_PREMATURE_CLOSE" || code === "ECONNRESET" || code === "EPIPE";
}
