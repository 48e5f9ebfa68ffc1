// SPDX-License-Identifier: MIT
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";

/** A request as it arrived. */
export interface RecordedRequest {
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** What a faulty registry does with a request. */
export type Reply =
  /**
   * Answers. `content-length` is the length of the body unless `headers` say otherwise. An answer to HEAD
   * without a body has none.
   */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: Uint8Array | string;
    }
  /** Announces the whole body, sends `after` bytes of it and breaks the connection. */
  | {
      readonly kind: "drop";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: Uint8Array;
      readonly after: number;
    }
  /** Sends a body that never ends. */
  | {
      readonly kind: "endless";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Sends the body one byte at a time, every `every` milliseconds. */
  | {
      readonly kind: "drip";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: Uint8Array | string;
      readonly every: number;
    }
  /** Sends `count` responses with status 102 before the answer. With `Infinity` they never end. */
  | { readonly kind: "informational"; readonly count: number; readonly then: Reply }
  /** Accepts the request and never answers. */
  | { readonly kind: "silent" }
  /** Breaks the connection in place of an answer. */
  | { readonly kind: "reset" };

/** One rule of the script. The first rule that matches and is not used up decides. */
export interface Rule {
  /** The whole request line, such as `GET /v2/a/b/manifests/v1`, or a pattern for it. */
  readonly on: string | RegExp;
  /** How many times the rule applies. Default: always. */
  readonly times?: number;
  readonly reply: Reply | ((request: RecordedRequest) => Reply);
}

export interface FaultyRegistryOptions {
  /** Speaks TLS, with this certificate and key. */
  readonly tls?: ServerOptions | undefined;
}

/** A running faulty registry. */
export interface FaultyRegistry {
  /** Host and port: `127.0.0.1:41234` */
  readonly host: string;
  /** All requests so far, in order. */
  readonly requests: readonly RecordedRequest[];
  /** Adds rules before the existing ones. */
  rule(...rules: readonly Rule[]): void;
  /** Breaks all connections and frees the port. */
  close(): Promise<void>;
}

/** Makes a `Reply` that answers, the most frequent kind. */
export function answer(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: Uint8Array | string = "",
): Reply {
  return { kind: "answer", status, headers, body };
}

/** The answer that asks for a bearer token from this realm. */
export function bearerChallenge(realm: string): Reply {
  const challenge = `Bearer realm="${realm}",service="test",scope="registry:catalog:*"`;
  return answer(401, { "www-authenticate": challenge });
}

/**
 * Starts a registry on 127.0.0.1 that does exactly what its script says, however wrong that is. A request
 * without a matching rule is answered with 404. For tests of clients.
 */
export async function startFaultyRegistry(
  rules: readonly Rule[] = [],
  options: FaultyRegistryOptions = {},
): Promise<FaultyRegistry> {
  const requests: RecordedRequest[] = [];
  let script = rules.map((rule) => ({ ...rule, left: rule.times ?? Infinity }));

  const choose = (request: RecordedRequest): Reply => {
    const line = `${request.method} ${request.path}`;
    for (const rule of script) {
      const matches = typeof rule.on === "string" ? rule.on === line : rule.on.test(line);
      if (!matches || rule.left === 0) continue;
      rule.left -= 1;
      return typeof rule.reply === "function" ? rule.reply(request) : rule.reply;
    }
    return answer(404, {}, '{"errors":[{"code":"UNSUPPORTED","message":"not in the script"}]}');
  };

  const respond = (request: IncomingMessage, response: ServerResponse): void => {
    record(request).then(
      (recorded) => {
        requests.push(recorded);
        play(choose(recorded), recorded.method, response);
      },
      // The client has closed the connection, so no answer is needed.
      () => response.destroy(),
    );
  };
  const server =
    options.tls === undefined ? createServer(respond) : createTlsServer(options.tls, respond);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    rule: (...added) => {
      script = [...added.map((rule) => ({ ...rule, left: rule.times ?? Infinity })), ...script];
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function record(request: IncomingMessage): Promise<RecordedRequest> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value);
  return {
    method: request.method ?? "",
    path: request.url ?? "",
    headers,
    body: Buffer.concat(chunks),
  };
}

function play(reply: Reply, method: string, response: ServerResponse): void {
  switch (reply.kind) {
    case "answer": {
      const body = Buffer.from(reply.body ?? "");
      // An answer to HEAD has the length of the answer to GET, which is not known without a body.
      const length =
        method === "HEAD" && body.length === 0 ? {} : { "content-length": body.length };
      response.writeHead(reply.status, { ...length, ...reply.headers });
      response.end(method === "HEAD" ? undefined : body);
      return;
    }
    case "drop":
      response.writeHead(reply.status, { "content-length": reply.body.length, ...reply.headers });
      response.write(reply.body.subarray(0, reply.after), () => response.destroy());
      return;
    case "endless":
      response.writeHead(reply.status, reply.headers);
      pour(response);
      return;
    case "drip":
      response.writeHead(reply.status, { "content-length": reply.body.length, ...reply.headers });
      drip(response, Buffer.from(reply.body), reply.every);
      return;
    case "informational":
      inform(response, reply.count, () => play(reply.then, method, response));
      return;
    case "silent":
      return;
    case "reset":
      response.destroy();
  }
}

function drip(response: ServerResponse, body: Uint8Array, every: number): void {
  let at = 0;
  const timer = setInterval(() => {
    response.write(body.subarray(at, at + 1));
    at += 1;
    if (at >= body.length) response.end();
  }, every);
  response.on("close", () => clearInterval(timer));
}

/** Sends one response per turn of the event loop, so that the client can close the connection in between. */
function inform(response: ServerResponse, left: number, then: () => void): void {
  if (response.destroyed) return;
  if (left === 0) {
    then();
    return;
  }
  response.writeProcessing();
  setImmediate(inform, response, left - 1, then);
}

function pour(response: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024, 0x20);
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", more);
  more();
}
