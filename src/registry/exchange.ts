// SPDX-License-Identifier: MIT
import { escapeText } from "../bytes/byte-string.ts";
import type { Bytes, Source } from "../bytes/bytes.ts";
import { withStep } from "../bytes/streams/chunk-steps.ts";
import { isOciError, OciError } from "../oci/errors.ts";
import { limitExceeded, type Limits } from "../oci/limits.ts";
import { secretsOf } from "./auth/basic.ts";
import type { Explanation } from "./auth/explain-refusal.ts";
import { undoCodings } from "./content-coding.ts";
import { hideSecrets } from "./credentials/hide-secrets.ts";
import { redactUrl } from "./hosts.ts";
import { demandRate } from "./least-rate.ts";
import { readInTime } from "./read-in-time.ts";
import { RegistryError } from "./registry-error.ts";
import { statusHint } from "./status-hint.ts";
import { connectionHint } from "./transport/connection-hint.ts";
import { parseHttpDate } from "./wire/http-date.ts";
import { formatWait, parseRetryAfter } from "./wire/retry-after.ts";
import { formatWireErrors, parseErrorBody, type WireError } from "./wire/error-body.ts";

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One HTTP request to one URL. */
export interface Exchange {
  readonly method: Method;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Must have a `size`. Opened anew for each exchange. */
  readonly body?: Source | undefined;
  /** How many bytes a successful answer should bring, if that is known. */
  readonly expected?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The registry that sent us to this URL, where it is at another host, which nobody has written. */
  readonly sentBy?: string | undefined;
}

/** An answer. Its body must be read to the end, closed or discarded; until then it holds a connection. */
export interface Answer {
  readonly method: Method;
  /** The URL that sent this answer, after all redirects. */
  readonly url: URL;
  readonly status: number;
  /** The `Authorization` that was sent, so that no message shows it. */
  readonly authorization?: string | undefined;
  /**
   * The value of a header; several headers of the same name are joined by commas. Of an answer with a
   * Content-Encoding there is no `content-length`: it is not the length of the content.
   */
  readonly header: (name: string) => string | undefined;
  /**
   * The content, with every Content-Encoding undone. Errors while reading are `unreachable`, also when the
   * bytes come too slowly; `unsupported-compression` for an encoding that is not known.
   */
  readonly body: Bytes;
  /** Frees the connection. Reads a short rest of the body so that the connection can be used again. */
  discard(): Promise<void>;
}

const DISCARDED = 64 * 1024;

/** The longest head of an answer, in bytes: signed addresses of storage services take a few KiB. */
export const HEAD_BYTES = 32 * 1024;

/**
 * One way to send a request over HTTP/1.1 and to wait for the head of its answer. None follows redirects, retries, or
 * judges the status, and each keeps its connections for further requests.
 * @typeParam Got `undefined` in it: for an answer that this way does not understand. The request is sent again, another way
 */
export interface Way<Got extends Answer | undefined = Answer> {
  /**
   * @param patience milliseconds to wait for the head of the answer
   * @throws RegistryError `unreachable`; OciError `aborted`, `redirect-refused` for an address that the registry may not
   * send us to, `limit-exceeded` for too many informational answers (1xx); whatever the body's source throws
   */
  exchange(request: Exchange, patience: number): Promise<Got>;
  /** Waits for running requests to end, then closes all connections. Idle ones do not keep a process alive. */
  close(): Promise<void>;
}

/** The head of an answer, and its body, in which nothing is checked yet. */
export interface RawAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: AsyncIterable<Uint8Array> & {
    dump(options: { limit: number }): Promise<unknown>;
  };
}

/** The error for more informational answers (1xx) than are waited for. */
export function tooManyInformational(request: Exchange, allowed: number): OciError {
  return limitExceeded({
    what: place(request),
    limit: "informationalAnswers",
    allowed,
    unit: "answers with status 1xx before the answer",
  });
}

/** Makes an answer whose body is read at a usable rate, or fails as `unreachable`. */
export function wrapAnswer(request: Exchange, answer: RawAnswer, limits: Limits): Answer {
  const { headers, body } = answer;
  const timed = demandRate(body, limits, () => tooSlow(request, "sent"));
  const read = withStep(timed, { onFailure: (error) => unreachable(request, error) });
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  };
  const encoding = header("content-encoding");
  const content = undoCodings(read, encoding, { limits, what: place(request) });
  return {
    method: request.method,
    url: request.url,
    status: answer.statusCode,
    authorization: request.headers["authorization"],
    header: (name) => (name === "content-length" && content.isCoded ? undefined : header(name)),
    body: content.bytes,
    discard: async () => {
      // The bytes are thrown away, so errors in them do not matter.
      await body.dump({ limit: DISCARDED }).catch(() => undefined);
    },
  };
}

const PASSING = new Set([
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "ERR_STREAM_PREMATURE_CLOSE",
  "UND_ERR_SOCKET",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
]);

/** The request as error messages name it. */
export function place({ method, url, sentBy }: Exchange): string {
  const from = sentBy === undefined ? "" : ` (${sentBy} sent us there)`;
  return `${method} ${redactUrl(url)}${from}`;
}

/** The error for a body that is sent, or taken, below the least rate. */
export function tooSlow(request: Exchange, what: "sent" | "taken"): RegistryError {
  const { method, url } = request;
  return new RegistryError(
    "unreachable",
    `${place(request)}: expected the body to be ${what} at a usable rate, got almost no bytes for long`,
    { method, url: redactUrl(url), details: { limit: "leastRate" }, transient: true },
  );
}

/** The error for a request that got no answer. */
export function unreachable(request: Exchange, cause: unknown): OciError {
  const { method, url, signal } = request;
  if (signal?.aborted === true) {
    return new OciError("aborted", `${place(request)}: aborted`, { cause });
  }
  if (isOciError(cause)) return cause;
  const code = errorCode(cause);
  // OpenSSL's messages have several lines; the message for several refused connections is empty.
  const [line = ""] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
  const words = withoutPlace(line);
  const reason = code === undefined || words.includes(code) ? words : `${code} ${words}`.trim();
  const hint = connectionHint(url, code, cause);
  return new RegistryError(
    "unreachable",
    `${place(request)}: expected an answer, got ${escapeText(reason)}`,
    {
      method,
      url: redactUrl(url),
      cause,
      details: { errno: code },
      transient: code !== undefined && PASSING.has(code),
      ...(hint !== undefined && { hint }),
    },
  );
}

/** OpenSSL says where in its own source it was, and in which thread: `80BC…:error:0A00010B:SSL routines:f:reason:file:line:`. */
function withoutPlace(message: string): string {
  const at = message.search(/[\dA-F]{8,16}:error:[\dA-F]{8}:/);
  if (at < 0) return message;
  const [, , , library, , reason] = message.slice(at).split(":");
  return `${message.slice(0, at)}${String(library)}: ${String(reason)}`;
}

function errorCode(error: unknown): string | undefined {
  const own = error instanceof Error && "code" in error ? error.code : undefined;
  if (typeof own === "string") return own;
  return error instanceof AggregateError ? errorCode(error.errors[0]) : undefined;
}

const TRANSIENT = new Set([408, 429, 500, 502, 503, 504]);

/** What {@link refused} is told besides the answer. */
export interface RefusedOptions extends Explanation {
  /** What was sent in the body and may be shown to nobody. */
  readonly secrets?: readonly string[] | undefined;
  /** The statuses that would have been right. Default: success of any kind. */
  readonly expect?: readonly number[] | undefined;
  /** The proxy that a plain request was sent to: what has no code of a registry may be its answer. */
  readonly proxy?: URL | undefined;
}

/**
 * Reads the body of an unwanted answer and makes an error of it. Never throws. Whoever answers may repeat what he was
 * sent: the message shows none of it.
 */
export async function refused(
  answer: Answer,
  limits: Limits,
  options: RefusedOptions = {},
): Promise<RegistryError> {
  const most = { most: limits.answerBytes, limit: "answerBytes" } as const;
  const bytes = await readInTime(answer, most, limits).catch(() => new Uint8Array());
  const secrets = [...(options.secrets ?? []), ...secretsOf(answer.authorization)];
  const hide = (text: string): string => hideSecrets(text, secrets);
  const said = parseErrorBody(bytes, answer.header("content-type"), hide).map(
    ({ code, message }) => ({
      code: hide(code),
      message: hide(message),
    }),
  );
  const { method, status } = answer;
  const url = redactUrl(answer.url);
  const words = said.length === 0 ? "" : ` (${formatWireErrors(said)})`;
  const retryAfter = parseRetryAfter(answer.header("retry-after"), clockOf(answer));
  const wait = retryAfter === undefined ? "" : `; it asks to wait ${formatWait(retryAfter)}`;
  const hint = proxyHint(answer, said, options.proxy) ?? options.hint ?? statusHint(answer, bytes);
  const isOdd = status < 300 && options.expect !== undefined;
  const expected = isOdd ? `status ${options.expect.join(" or ")}` : "success";
  return new RegistryError(
    status === 404
      ? "not-found"
      : status === 401 || status === 403
        ? "unauthorized"
        : "registry-refused",
    `${method} ${url}: expected ${expected}, got status ${status}${words}${wait}`,
    {
      method,
      url,
      status,
      ...(options.details && { details: options.details }),
      registryErrors: said,
      transient: TRANSIENT.has(status),
      retryAfter,
      readsOnly: status === 405 && allowsOnlyReading(answer.header("allow")),
      ...(hint !== undefined && { hint }),
    },
  );
}

function proxyHint(
  { url, status }: Answer,
  said: readonly WireError[],
  proxy: URL | undefined,
): string | undefined {
  if (proxy === undefined || status === 401 || said.some(({ code }) => code !== ""))
    return undefined;
  return `The proxy ${proxy.host} may have answered instead: if ${url.host} is reached without one, name it in NO_PROXY.`;
}

function allowsOnlyReading(allow = ""): boolean {
  const methods = allow.split(",").map((method) => method.trim().toUpperCase());
  const reading = ["GET", "HEAD", "OPTIONS"];
  return methods.includes("GET") && methods.every((method) => reading.includes(method));
}

/** The time by the clock of who answered, in milliseconds since 1970: a date to wait for is one of that clock. */
function clockOf({ header }: Answer): number {
  const now = Date.now();
  return parseHttpDate(header("date") ?? "", now) ?? now;
}
