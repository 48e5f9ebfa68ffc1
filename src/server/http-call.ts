// SPDX-License-Identifier: MIT
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Bytes } from "../bytes/bytes.ts";
import { toReadable } from "../bytes/streams/node-stream.ts";
import type { Limits } from "../oci/limits.ts";
import { demandRate, watchUptake } from "../registry/transport/least-rate.ts";
import { formatErrorBody } from "../registry/wire/error-body.ts";
import type { LayoutStore } from "../store/layout/layout.ts";
import type { Repositories } from "../store/repositories/repositories.ts";
import { ProtocolError, toProtocolError } from "./protocol-error.ts";
import type { Uploads } from "./uploads.ts";

/** One request, its response, and what the registry needs to answer it. */
export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly store: LayoutStore;
  readonly uploads: Uploads;
  readonly limits: Limits;
  /** Runs edits of tags and other roots one after the other. */
  readonly inTurn: <T>(edit: () => Promise<T>) => Promise<T>;
  readonly repositories: Repositories;
  /** Accept manifests and indexes of which not all content is there. */
  readonly sparse: boolean;
}

type Headers = Readonly<Record<string, string | number>>;

/** The body of the request. @throws ProtocolError 408 when it comes too slowly */
export function bodyOf({ request, limits }: Call): Bytes {
  // Not destroyed when the reader stops early, because the answer still has to be sent.
  const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  return demandRate(body, limits, (count, milliseconds) => {
    const message = `got only ${count} bytes in ${Math.round(milliseconds / 1000)} s`;
    return new ProtocolError(408, "TOOMANYREQUESTS", message, { connection: "close" });
  });
}

/** Answers without a body. */
export function sendEmpty({ response }: Call, status: number, headers: Headers = {}): void {
  // An answer 204 or 304 has no length (RFC 9110, 8.6).
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

/**
 * Answers with bytes, as fast as the client reads them. When `bytes` fails or the client reads too slowly,
 * the connection is broken off, so that a part is never taken for the whole.
 */
export async function sendBytes(
  { response, limits }: Call,
  status: number,
  headers: Headers,
  bytes: Bytes,
): Promise<void> {
  response.writeHead(status, headers);
  const watched = watchUptake(bytes, limits, () => {
    response.destroy(new Error("the client took almost no bytes for long"));
  });
  await pipeline(toReadable(watched), response);
}

/**
 * Answers a failure with the spec's error body, and returns what was sent. Undefined when nothing could be
 * sent, because the client has gone or an answer had begun; then the connection is broken off.
 */
export function sendError(
  call: Pick<Call, "request" | "response">,
  error: unknown,
): ProtocolError | undefined {
  if (call.response.headersSent || call.request.socket.destroyed) {
    call.response.destroy();
    return undefined;
  }
  const answer = toProtocolError(error, call.request.method ?? "");
  const { status, code, message, headers } = answer;
  sendJson(call, status, formatErrorBody(code, message), headers);
  return answer;
}
