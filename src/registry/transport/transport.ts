// SPDX-License-Identifier: MIT
import type { Source } from "../../bytes/bytes.ts";
import { withLimits, type Limits } from "../../oci/limits.ts";
import { createAuthorizer } from "../auth/authorizer.ts";
import type { Access, Authorizer } from "../auth/authorizer.ts";
import { openCredentialSource } from "../auth/credential-source.ts";
import type { Explanation } from "../auth/explain-refusal.ts";
import { isForDirectWay } from "../direct/direct-way.ts";
import { download, isDownload } from "../direct/download.ts";
import { refused, unreachable } from "../exchange.ts";
import type { Answer, Exchange, Method } from "../exchange.ts";
import { openConnections, type Connections } from "./connections.ts";
import { createGate } from "./gate.ts";
import { checkTarget, defaultScheme, redactUrl, registryOrigin } from "../hosts.ts";
import { readMachineSettings } from "../machine/machine-settings.ts";
import { settleScheme } from "./find-scheme.ts";
import { proxyRefused } from "./tunnel.ts";
import { DEFAULT_RETRY_POLICY } from "../registry-options.ts";
import type { FindProxy, FindTls, RetryPolicy, TransportOptions } from "../registry-options.ts";
import { readInTime } from "../read-in-time.ts";
import { isTransient, persist } from "./persist.ts";
import { RegistryError } from "../registry-error.ts";
import { parseUrl } from "../wire/url.ts";

/** A request to a registry, before authentication, redirects and retries. */
export interface RegistryRequest extends Access {
  readonly method: Method;
  /** A path with its query, or a URL at the registry. */
  readonly target: string | URL;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Must have a `size`. */
  readonly body?: Source | undefined;
  /** How many bytes a successful answer should bring, if that is known: large ones are read another way. */
  readonly expected?: number | undefined;
  /** The statuses that count as success. */
  readonly expect: readonly number[];
  /** Do not retry this request: the caller repeats it together with what comes before it. */
  readonly once?: boolean | undefined;
  /** The content may be too new to be found yet: see `RetryPolicy.notFound`. */
  readonly fresh?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose body has been read. */
export interface WholeAnswer extends Omit<Answer, "body" | "discard"> {
  readonly bytes: Uint8Array;
}

/** What the repositories of one registry share: connections, tokens, and a limit on concurrent requests. */
export interface Transport {
  /** The registry as the caller named it: `registry.example:5000`. */
  readonly registry: string;
  /** Where a scheme is still to be found out (`either`), it is `http` until {@link Transport.settled}. */
  readonly origin: URL;
  readonly limits: Limits;
  readonly retry: RetryPolicy;
  /** Waits until the scheme of `origin` is found out, if it has to be. Every request does so first. Never fails. */
  settled(): Promise<void>;
  /**
   * Sends a request. Authenticates when the registry asks for it, follows redirects, and retries transient
   * failures. Credentials are sent only to the registry's own origin and to its token endpoint.
   * @throws RegistryError `unreachable`, `unauthorized`, `not-found`, `registry-refused`, `redirect-refused`;
   * OciError `aborted`; whatever the body's source throws
   */
  send(request: RegistryRequest): Promise<Answer>;
  /**
   * Sends a request and reads the whole answer. An answer that breaks off is requested again.
   * @throws OciError `limit-exceeded` for more than `limit` bytes; otherwise as {@link send}
   */
  read(request: RegistryRequest, limit: number): Promise<WholeAnswer>;
  /**
   * The name of the user whose credentials are sent for a repository. Undefined for an anonymous one, and where
   * credentials can't be read: a request that needs them says so.
   */
  account(repository: string): Promise<string | undefined>;
  /** Waits for running requests to end, then closes the connections. Idle ones do not keep a process alive. */
  close(): Promise<void>;
}

/**
 * A registry may take this many times `idleTimeout` to store what it was sent. A PUT without a body ends an upload in
 * chunks: then the registry stores, and reads, as many bytes as with one that has a body.
 */
const COMMIT_PATIENCE = 10;
/**
 * How many requests may wait for the head of an answer at the same time. Bodies do not count: see
 * {@link openTransport}.
 */
const REQUESTS_AT_ONCE = 16;

/**
 * Opens what the repositories of one registry share. Nothing is sent before the first request.
 *
 * Only requests without a body are limited, and only until their answer begins. An upload may be reading
 * from a download of the same registry, and would wait for ever for a place that it holds itself.
 * @throws OciError `invalid-reference`
 */
export function openTransport(registry: string, options: TransportOptions = {}): Transport {
  const limits = withLimits(options.limits);
  const retry = { ...DEFAULT_RETRY_POLICY, ...options.retry };
  const scheme = options.scheme ?? defaultScheme(registry);
  const origin = registryOrigin(registry, scheme === "https" ? "https" : "http");
  const { tls, proxy } = reaching(options);
  const { resolve } = options;
  const connections = openConnections(registry, origin, { limits, tls, proxy, resolve });
  const settled = settleScheme(registry, scheme, origin, connections.dial, limits.idleTimeout);
  const userAgent = options.userAgent ?? "oci-kit";
  const sendOnce = createSender(connections, { limits, proxy, userAgent });
  const credentials = openCredentialSource(registry, options.credentials, limits);
  const authorizer = createAuthorizer({
    origin,
    limits,
    source: credentials,
    exchange: sendOnce,
  });
  const wires: Wires = { origin, limits, authorizer, settled, exchange: sendOnce, proxy };
  const keepAsking = <T>(request: RegistryRequest, act: () => Promise<T>): Promise<T> =>
    persist(retry, act, {
      signal: request.signal,
      worthwhile: (error) =>
        isTransient(error) || (request.fresh === true && retry.notFound && isNotFound(error)),
    });
  return {
    registry,
    origin,
    limits,
    retry,
    settled,
    send: (request) =>
      request.once === true
        ? attempt(wires, request)
        : keepAsking(request, () => attempt(wires, request)),
    read: (request, limit) =>
      keepAsking(request, async () => readWhole(await attempt(wires, request), limit, limits)),
    account: async (repository) => {
      const found = await credentials.find(repository).catch(() => undefined);
      return found?.credentials?.username;
    },
    close: () => connections.close(),
  };
}

interface SenderOptions {
  readonly limits: Limits;
  readonly proxy: FindProxy;
  readonly userAgent: string;
}

/** Creates what sends one request and waits for the head of its answer. Those without a body wait for a place. */
function createSender(
  connections: Connections,
  { limits, proxy, userAgent }: SenderOptions,
): (request: Exchange) => Promise<Answer> {
  const { dial, direct, pooled } = connections;
  const gate = createGate(REQUESTS_AT_ONCE);
  const ask = async (request: Exchange, patience: number): Promise<Answer> => {
    // A plain request to a proxy is one of its own kind; one in TLS goes through a tunnel, like any other.
    const isPlain = request.url.protocol === "http:" && proxy(request.url) !== undefined;
    const lighter = isPlain
      ? undefined
      : isForDirectWay(request)
        ? await direct.exchange(request, patience)
        : isDownload(request)
          ? await download(dial.openDirect, request, limits)
          : undefined;
    return lighter ?? pooled.exchange(request, patience);
  };
  return async (request) => {
    const headers = { "user-agent": userAgent, ...request.headers };
    const complete = { ...request, headers };
    const isStoring = request.body !== undefined || request.method === "PUT";
    const answer = await (isStoring
      ? ask(complete, limits.idleTimeout * COMMIT_PATIENCE)
      : gate(() => ask(complete, limits.idleTimeout)));
    // Only proxies answer so. Those of https answer when the connection is made.
    const via = answer.status === 407 ? proxy(request.url) : undefined;
    if (via === undefined) return answer;
    await answer.discard();
    throw unreachable(request, proxyRefused(via, request.url.host, answer.status));
  };
}

/** How hosts are reached: as the options say, else by this machine's settings. */
function reaching(options: TransportOptions): { readonly tls: FindTls; readonly proxy: FindProxy } {
  const machine = readMachineSettings();
  const { tls = machine.tls, proxy = machine.proxy } = options;
  return {
    tls: typeof tls === "function" ? tls : () => tls,
    proxy: proxy === false ? () => undefined : proxy,
  };
}

async function readWhole(answer: Answer, most: number, limits: Limits): Promise<WholeAnswer> {
  const bytes = await readInTime(answer, { most, limit: "documentBytes" }, limits);
  const { method, url, status, header, authorization } = answer;
  return { method, url, status, header, authorization, bytes };
}

function isNotFound(error: unknown): boolean {
  return error instanceof RegistryError && error.code === "not-found";
}

interface Wires {
  readonly origin: URL;
  readonly limits: Limits;
  readonly authorizer: Authorizer;
  readonly settled: () => Promise<void>;
  readonly exchange: (request: Exchange) => Promise<Answer>;
  readonly proxy: FindProxy;
}

/** One attempt: answers at most one challenge, and checks the status. */
async function attempt(wires: Wires, request: RegistryRequest): Promise<Answer> {
  const { authorizer, origin, limits } = wires;
  await wires.settled();
  const sent = await authorizer.authorize(request);
  let answer = await follow(wires, request, sent);
  if (answer.status === 401 && answer.url.origin === origin.origin) {
    const challenge = answer.header("www-authenticate");
    const authorization = await authorizer
      .answer(challenge, request, sent)
      .catch(async (error: unknown) => {
        // An answer that nobody reads holds its connection, and whoever closes the transport waits for that.
        await answer.discard();
        throw error;
      });
    if (authorization !== undefined) {
      await answer.discard();
      answer = await follow(wires, request, authorization);
    }
  }
  if (request.expect.includes(answer.status)) return answer;
  const why = await explain(wires, request, answer);
  const proxy = answer.url.protocol === "http:" ? wires.proxy(answer.url) : undefined;
  throw await refused(answer, limits, { ...why, expect: request.expect, proxy });
}

/** Why an answer of status 401 or 403 came, as far as it can be told from here. */
async function explain(
  { authorizer, origin }: Wires,
  request: RegistryRequest,
  { status, url, authorization, header }: Answer,
): Promise<Explanation> {
  if (status !== 401 && status !== 403) return {};
  if (url.origin !== origin.origin) {
    return {
      hint: `${url.host} is not ${origin.host}, which sent us there: it gets no credentials.`,
    };
  }
  const challenge = header("www-authenticate");
  return authorizer.explain(status, request, { sent: authorization, challenge });
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Follows the redirects of read requests. After a redirect to another origin, headers meant for the registry
 * are no longer sent.
 */
async function follow(
  wires: Wires,
  request: RegistryRequest,
  authorization: string | undefined,
): Promise<Answer> {
  const { method, signal, body, expected } = request;
  let url = atRegistry(request.target, wires.origin);
  let authorized = authorization;
  for (let hops = 0; ; hops += 1) {
    const sentBy = url.host === wires.origin.host ? undefined : wires.origin.host;
    const headers = { ...request.headers, ...(authorized && { authorization: authorized }) };
    const answer = await wires.exchange({ method, url, headers, body, expected, signal, sentBy });
    if (!REDIRECTS.has(answer.status) || request.expect.includes(answer.status)) return answer;
    await answer.discard();
    const next = redirectTarget(wires, answer, hops);
    if (next.origin !== wires.origin.origin) authorized = undefined;
    url = next;
  }
}

/** A URL at the registry, made before its scheme was found out perhaps. */
function atRegistry(target: string | URL, origin: URL): URL {
  const url = new URL(target, origin);
  if (url.host === origin.host) url.protocol = origin.protocol;
  return url;
}

function redirectTarget(wires: Wires, answer: Answer, hops: number): URL {
  const { method, status } = answer;
  const place = `${method} ${redactUrl(answer.url)}`;
  const refuse = (reason: string): RegistryError =>
    new RegistryError("redirect-refused", `${place}: redirected (status ${status}): ${reason}`, {
      method,
      url: redactUrl(answer.url),
      status,
    });
  const next = parseUrl(answer.header("location"), answer.url);
  if (next === undefined) throw refuse("expected a Location to go to, got none that is a URL");
  if (hops >= wires.limits.redirects) {
    throw refuse(`expected at most ${wires.limits.redirects} redirects, got more`);
  }
  checkTarget(next, wires.origin, place);
  const reads = method === "GET" || method === "HEAD";
  if (!reads && (status < 307 || next.origin !== wires.origin.origin)) {
    throw refuse(`a ${method} is not sent on to ${redactUrl(next)}`);
  }
  return next;
}
