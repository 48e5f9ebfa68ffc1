// SPDX-License-Identifier: MIT
import { closeSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Bytes, PushedBytes } from "../bytes/bytes.ts";
import type { Digest } from "../oci/digest.ts";
import type { Limits } from "../oci/limits.ts";
import { demandPushedRate, demandRate } from "../registry/least-rate.ts";
import { formatErrorBody } from "../registry/wire/error-body.ts";
import { openBlob } from "../store/layout/layout-blobs.ts";
import type { LayoutStore } from "../store/layout/layout.ts";
import type { Repositories } from "../store/repositories/repositories.ts";
import { ProtocolError, toProtocolError } from "./protocol-error.ts";
import { receiveBody } from "./streams/receive-body.ts";
import { sendFile } from "./streams/send-file.ts";
import { isQuiet, stateOf, type VerifiedFiles } from "./streams/verified-files.ts";
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
  readonly verified: VerifiedFiles;
  /** Whether whoever sent the request may read a repository: lists leave the others out. */
  readonly mayPull: (repository: string) => boolean;
  readonly repositories: Repositories;
  /** Accept manifests and indexes of which not all content is there. */
  readonly sparse: boolean;
}

type Headers = Readonly<Record<string, string | number>>;

/** The body of the request, for documents. @throws ProtocolError 408 when it comes too slowly */
export function bodyOf({ request, limits }: Call): Bytes {
  // Not destroyed when the reader stops early, because the answer still has to be sent.
  const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  return demandRate(body, limits, tooSlow);
}

/** The body of the request, for content of any length. @throws ProtocolError 408 when it comes too slowly */
export function pushedBodyOf({ request, response, limits }: Call): PushedBytes {
  return (take) => receiveBody(request, response, demandPushedRate(take, limits, tooSlow));
}

function tooSlow(count: number, milliseconds: number): ProtocolError {
  const message = `got only ${count} bytes in ${Math.round(milliseconds / 1000)} s`;
  return new ProtocolError(408, "TOOMANYREQUESTS", message, { connection: "close" });
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
 * Answers with a stored blob, verified as a whole, or with a part of it, as it is stored. When it turns out to
 * be damaged or the client reads too slowly, the connection is broken off, so that a part is never taken for
 * the whole.
 */
export async function sendBlob(
  { store, response, limits, verified }: Call,
  status: number,
  headers: Headers,
  digest: Digest,
  { offset, length }: { readonly offset?: number; readonly length: number },
): Promise<void> {
  const { fd } = openBlob(store.directory, digest);
  try {
    response.writeHead(status, headers);
    if (offset !== undefined) {
      await sendFile(response, { fd, offset, length }, limits);
    } else if (verified.has(digest, fd)) {
      const isSame = (): boolean => verified.has(digest, fd);
      await sendFile(response, { fd, length, isSame }, limits);
    } else {
      const before = stateOf(fd);
      const isSame = (): boolean => before.text === stateOf(fd).text;
      const part = { fd, length, digest, isSame: isQuiet(before) ? isSame : undefined };
      await sendFile(response, part, limits);
      verified.add(digest, fd, before);
    }
  } finally {
    closeSync(fd);
  }
}

/** Answers with a document in memory. */
export function sendDocument(
  { response }: Call,
  status: number,
  headers: Headers,
  bytes: Uint8Array,
): void {
  response.writeHead(status, headers).end(bytes);
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
