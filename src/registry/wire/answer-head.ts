// SPDX-License-Identifier: MIT

/** The head of an answer that brings its whole body with a known length. */
export interface AnswerHead {
  readonly statusCode: number;
  /** By lower-case name; the values of several headers of one name are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes of the body. */
  readonly length: number;
}

const STATUS_LINE = /^HTTP\/1\.1 (200|206)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
/** RFC 9110, 5.1 and 5.5. A line that continues the one before does not match. */
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)$/;
const LENGTH = /^\d{1,15}$/;

/**
 * Reads the head of an HTTP/1.1 answer (RFC 9112, 4 and 5), without its empty line. Only the plainest kind of answer
 * is understood: status 200 or 206, one `Content-Length`, no transfer coding, no content coding.
 * @param text one character a byte
 * @returns undefined for every other head
 */
export function parseAnswerHead(text: string): AnswerHead | undefined {
  const [first = "", ...lines] = text.split("\r\n");
  const status = STATUS_LINE.exec(first)?.[1];
  if (status === undefined) return undefined;
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const line of lines) {
    const [, name = "", value = ""] = HEADER.exec(line) ?? [];
    if (name === "") return undefined;
    const key = name.toLowerCase();
    const before = headers[key];
    headers[key] = before === undefined ? value.trim() : `${before}, ${value.trim()}`;
  }
  const length = headers["content-length"] ?? "";
  if (!LENGTH.test(length) || "transfer-encoding" in headers) return undefined;
  if ("content-encoding" in headers) return undefined;
  return { statusCode: Number(status), headers, length: Number(length) };
}
