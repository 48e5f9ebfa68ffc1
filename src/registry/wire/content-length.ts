// SPDX-License-Identifier: MIT

/** The number in a `Content-Length`; undefined when there is none. */
export function contentLengthOf(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}
