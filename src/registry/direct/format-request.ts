// SPDX-License-Identifier: MIT
import type { Exchange } from "../exchange.ts";

const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Whether every header can be sent as one character a byte, in one line. */
export function isSendable({ headers }: Exchange): boolean {
  return Object.values(headers).every((value) => SENDABLE.test(value));
}

/**
 * The head of a request (RFC 9112, 3), one character a byte. The request must be sendable.
 * @param length of its body; undefined where it has none
 */
export function formatRequest(
  { method, url, headers }: Exchange,
  connection: "close" | "keep-alive",
  length?: number,
): string {
  const lines = Object.entries({
    host: url.host,
    connection,
    // A digest is over the bytes as they are stored: nobody between may compress them.
    "accept-encoding": "identity",
    ...headers,
    ...((length !== undefined || method.startsWith("P")) && {
      "content-length": String(length ?? 0),
    }),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join("")}\r\n`;
}
