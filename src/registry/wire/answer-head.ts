// SPDX-License-Identifier: MIT

/** How a body ends (RFC 9112, 6.3): after so many bytes (0 for none at all), with its last chunk, or with the connection. */
export type Framing = number | "chunked" | "until-close";

/** The head of an answer. */
export interface AnswerHead {
  readonly statusCode: number;
  /** By lower-case name; the values of several headers of one name are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly framing: Framing;
  /** Whether the connection may be used again after the body. */
  readonly isLasting: boolean;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
/** RFC 9110, 5.1 and 5.5. A line that continues the one before does not match. */
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)$/;
const LENGTH = /^\d{1,15}$/;
/** The only transfer coding that may be sent to who has not asked for others. */
const CHUNKED = /^chunked$/i;

/**
 * Reads the head of an answer in HTTP/1.1 or 1.0 (RFC 9112, 4 to 6), without its empty line. Nothing is guessed: what can
 * be read in two ways is not understood.
 * @param text one character a byte
 * @param method of the request: to a `HEAD` there is no body
 * @returns undefined for a head that is not understood
 */
export function parseAnswerHead(text: string, method: string): AnswerHead | undefined {
  const [first = "", ...lines] = text.split("\r\n");
  const [, minor, status] = STATUS_LINE.exec(first) ?? [];
  if (status === undefined || status === "101") return undefined;
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const line of lines) {
    const [, name = "", value = ""] = HEADER.exec(line) ?? [];
    if (name === "") return undefined;
    const key = name.toLowerCase();
    const before = headers[key];
    headers[key] = before === undefined ? value.trim() : `${before}, ${value.trim()}`;
  }
  const statusCode = Number(status);
  const announced = announcedBody(headers, minor === "1");
  if (announced === undefined) return undefined;
  const framing = hasBody(method, statusCode) ? announced : 0;
  const isClosed = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i.test(headers["connection"] ?? "");
  const isLasting = minor === "1" && framing !== "until-close" && !isClosed;
  return { statusCode, headers, framing, isLasting };
}

function announcedBody(
  headers: Readonly<Record<string, string>>,
  mayBeChunked: boolean,
): Framing | undefined {
  const { "content-length": length, "transfer-encoding": coding } = headers;
  if (coding !== undefined) {
    return length === undefined && mayBeChunked && CHUNKED.test(coding) ? "chunked" : undefined;
  }
  if (length === undefined) return "until-close";
  return LENGTH.test(length) ? Number(length) : undefined;
}

function hasBody(method: string, statusCode: number): boolean {
  return method !== "HEAD" && statusCode >= 200 && statusCode !== 204 && statusCode !== 304;
}
