// SPDX-License-Identifier: MIT
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Bytes } from "../bytes/bytes.ts";
import { toReadable } from "../bytes/streams/node-stream.ts";
import { formatErrorBody } from "../registry/wire/error-body.ts";
import type { LayoutStore } from "../store/layout/layout.ts";
import { toProtocolError } from "./protocol-error.ts";
import type { Uploads } from "./uploads.ts";

/** One request, what answers it, and what the registry is made of. */
export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly store: LayoutStore;
  readonly uploads: Uploads;
  /** Edits of what names stand for happen one after the other. */
  readonly inTurn: <T>(edit: () => Promise<T>) => Promise<T>;
  /** The repository of root names that have none: see `names.ts`. */
  readonly own: string;
}

type Headers = Readonly<Record<string, string | number>>;

/** Answers without a body. */
export function sendEmpty({ response }: Call, status: number, headers: Headers = {}): void {
  // 204 and 304 have no length (RFC 9110, 8.6).
  response.writeHead(status, status === 204 ? headers : { "content-length": 0, ...headers }).end();
}

/** Answers with a JSON document. */
export function sendJson(
  { request, response }: Pick<Call, "request" | "response">,
  status: number,
  body: string,
  headers: Headers = {},
): void {
  const bytes = new TextEncoder().encode(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": bytes.length,
    ...headers,
  });
  response.end(request.method === "HEAD" ? undefined : bytes);
}

/** Answers with bytes, as fast as they are taken. When they fail, the connection breaks: nobody takes the part for the whole. */
export async function sendBytes(
  { response }: Call,
  status: number,
  headers: Headers,
  bytes: Bytes,
): Promise<void> {
  response.writeHead(status, headers);
  await pipeline(toReadable(bytes), response);
}

/** Answers a failure by the spec's error body; breaks the connection when an answer has begun. */
export function sendError(call: Pick<Call, "request" | "response">, error: unknown): void {
  if (call.response.headersSent) {
    call.response.destroy();
    return;
  }
  const { status, code, message, headers } = toProtocolError(error);
  sendJson(call, status, formatErrorBody(code, message), headers);
}
