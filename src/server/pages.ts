// SPDX-License-Identifier: MIT
import { formatNextLink } from "../registry/wire/link.ts";
import type { Call } from "./http-call.ts";
import { ProtocolError } from "./protocol-error.ts";

/** The most items in one page, asked for or not: the rest is behind the `Link` header. */
export const MOST_ITEMS = 10_000;

/** A part of a list, and the headers that lead to the next one. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly headers: Readonly<Record<string, string>>;
}

/** The number of items that a request asks for, at most {@link MOST_ITEMS}. @throws ProtocolError 400 */
export function countOf({ query }: Call): number {
  const given = query.get("n");
  if (given === null) return MOST_ITEMS;
  if (/^\d{1,15}$/.test(given)) return Math.min(Number(given), MOST_ITEMS);
  throw new ProtocolError(400, "UNSUPPORTED", "expected a whole number from 0 on as n");
}

/**
 * Cuts one page out of a sorted list: the names after `last`, at most `n` of them.
 * @param path where the list is, for the link to the next page
 */
export function cutPage(call: Call, path: string, names: readonly string[]): Page<string> {
  const last = call.query.get("last");
  const count = countOf(call);
  const all = last === null ? names : names.filter((name) => name > last);
  const items = all.slice(0, count);
  const end = items.at(-1);
  if (items.length === all.length || end === undefined) return { items, headers: {} };
  return { items, headers: nextPage(path, { last: end, n: String(count) }) };
}

/** The header that leads to the next page. */
export function nextPage(
  path: string,
  query: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return { link: formatNextLink(`${path}?${new URLSearchParams(query).toString()}`) };
}
