// SPDX-License-Identifier: MIT
import type { Source } from "../../bytes/bytes.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import type { Limits } from "../../oci/limits.ts";
import { HEAD_BYTES, place, tooManyInformational, type Exchange } from "../exchange.ts";
import { parseAnswerHead, type AnswerHead } from "../wire/answer-head.ts";
import type { Connection } from "./connection.ts";
import { formatRequest } from "./format-request.ts";
import type { SentBody } from "./send-body.ts";

/** A body that is not longer is read first, and sent in one piece with the head of its request. */
const SHORT_BODY = 1024 * 1024;

/** A request, and what is sent in it. */
export interface Letter extends Content {
  readonly request: Exchange;
  readonly patience: number;
}

export interface Content {
  /** A short body, whole. */
  readonly content?: Uint8Array | undefined;
  /** A long one. */
  readonly body?: (Source & { readonly size: number }) | undefined;
}

/** Reads a short body. @throws any error of its source */
export async function readContent(request: Exchange): Promise<Content> {
  const { body, signal } = request;
  if (body === undefined) return {};
  const { size = 0 } = body;
  if (size > SHORT_BODY) return { body: { size, open: (options) => body.open(options) } };
  return { content: await readAll(body.open({ signal }), SHORT_BODY, place(request)) };
}

/** Sends a request, all but a long body. */
export function sendHead(connection: Connection, { request, content, body }: Letter): void {
  const head = formatRequest(request, "keep-alive", body?.size ?? content?.length);
  connection.send(Buffer.from(head, "latin1"), ...(content === undefined ? [] : [content]));
}

/** The source of a body failed with `cause`, rather than the connection. */
export class SourceFailure extends Error {}

/**
 * Waits for the head of the answer, which may come before a long body is sent: then no more of it is sent. Undefined for
 * an answer that is not understood.
 * @throws SourceFailure; the connection's error
 */
export async function waitForAnswer(
  connection: Connection,
  letter: Letter,
  sent: SentBody | undefined,
  limits: Limits,
): Promise<AnswerHead | undefined> {
  const answer = readHead(connection, letter, sent?.ended, limits);
  if (sent === undefined) return answer;
  const sourceFailed = sent.ended.then(
    () => answer,
    (cause: unknown) => {
      throw new SourceFailure("the source of a body failed", { cause });
    },
  );
  const head = await Promise.race([answer, sourceFailed]);
  sent.stop();
  return head;
}

async function readHead(
  connection: Connection,
  { request, patience }: Letter,
  sent: Promise<unknown> | undefined,
  { informationalAnswers }: Limits,
): Promise<AnswerHead | undefined> {
  for (let seen = 0; seen <= informationalAnswers; seen += 1) {
    const read = (): Promise<string | undefined> =>
      connection.reader.until("\r\n\r\n", HEAD_BYTES, "HTTP/");
    const text = await connection.within(patience, read, sent);
    const answer = text === undefined ? undefined : parseAnswerHead(text, request.method);
    if (answer === undefined || answer.statusCode >= 200) return answer;
  }
  throw tooManyInformational(request, informationalAnswers);
}
