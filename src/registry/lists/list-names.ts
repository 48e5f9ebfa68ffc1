// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { OciError } from "../../oci/errors.ts";
import { parseJson } from "../../oci/json.ts";
import { limitExceeded } from "../../oci/limits.ts";
import { redactUrl } from "../hosts.ts";
import { RegistryError } from "../registry-error.ts";
import type { WholeAnswer } from "../transport/transport.ts";
import { isWebPage, webPageInstead } from "../web-page.ts";
import { member } from "../wire/loose-json.ts";
import { openPages, type ListAccess, type PageReader } from "./read-pages.ts";

/** A list of names at a registry. */
export interface NameList extends ListAccess {
  /** Where the list starts, without a query: `/v2/a/b/tags/list`. */
  readonly path: string;
  /** The key of the names in each page, which is also what they are called: `tags`. */
  readonly key: string;
  /** The most names that the registry is known to give on a page. */
  readonly pageSize?: number | undefined;
}

/** Names that are asked for on the first page of a registry of which nothing is known. */
const PAGE_SIZE = 1_000;
/** What is asked for when that is refused. Some registries refuse more than 100, some any `n`. */
const SMALLER_SIZES = [100, undefined];
/** A page of so many names, or a multiple, may be all that the registry gives at once. */
const ROUND = 50;

/**
 * All names of a list, sorted, each once. Where a registry never names a next page, a page that looks full is
 * not taken for the end before the registry was asked what comes after its last name.
 * @throws OciError `not-found`, `invalid-json`, `redirect-refused`; `limit-exceeded` for more than 1000 pages,
 * or for more names or bytes than `listItems` and `listBytes` allow
 */
export async function listNames(list: NameList, options: AbortOptions): Promise<readonly string[]> {
  const { limits } = list.transport;
  const pages = openPages(list, options);
  const names = new Set<string>();
  let answer: WholeAnswer | undefined = await readFirst(pages, list);
  let namesPages = false;
  while (answer !== undefined) {
    const before = names.size;
    const page = namesOf(answer, list);
    for (const name of page) names.add(name);
    if (names.size > limits.listItems) {
      const what = redactUrl(answer.url);
      throw limitExceeded({ what, limit: "listItems", allowed: limits.listItems, unit: list.key });
    }
    const next = pages.next(answer);
    namesPages ||= next !== undefined;
    if (next !== undefined) answer = await pages.read(next);
    else if (namesPages || names.size === before) answer = undefined;
    else answer = await readAfter(pages, list, answer, page);
  }
  return [...names].sort();
}

/** The first page, of fewer names where the registry refuses to give so many. */
async function readFirst(pages: PageReader, list: NameList): Promise<WholeAnswer> {
  const { path, pageSize = PAGE_SIZE } = list;
  const smaller = SMALLER_SIZES.filter((size) => size === undefined || size < pageSize);
  for (const size of [pageSize, ...smaller]) {
    try {
      return await pages.read(size === undefined ? path : `${path}?n=${size}`);
    } catch (error) {
      if (size === undefined || !isRefused(error)) throw error;
    }
  }
  throw new Error("unreachable: the last size ends the loop");
}

/** What comes after the last name of a page that looks full; undefined when it does not, or nothing comes. */
async function readAfter(
  pages: PageReader,
  { path, transport }: NameList,
  { url }: WholeAnswer,
  page: readonly string[],
): Promise<WholeAnswer | undefined> {
  const size = url.searchParams.get("n");
  const isFull = page.length === Number(size) || page.length % ROUND === 0;
  const last = page.at(-1);
  if (last === undefined || !isFull) return undefined;
  const next = new URL(path, transport.origin);
  if (size !== null) next.searchParams.set("n", size);
  next.searchParams.set("last", last);
  // A page that already began after this name ends with it: the registry does not understand `last`.
  if (url.searchParams.get("last") === last) return undefined;
  try {
    return await pages.read(next);
  } catch (error) {
    // The registry has said that the list ends, and does not know the question.
    if (isRefused(error) || (error instanceof RegistryError && error.status === 404))
      return undefined;
    throw error;
  }
}

/** Whether a registry refused the query, rather than the access or the repository. */
function isRefused(error: unknown): boolean {
  if (!(error instanceof RegistryError) || error.status === undefined) return false;
  if (error.registryErrors.some(({ code }) => code === "PAGINATION_NUMBER_INVALID")) return true;
  return (
    error.status >= 400 && error.status < 500 && ![401, 403, 404, 408, 429].includes(error.status)
  );
}

/** @throws RegistryError for a web page; OciError `invalid-json` for another document */
function namesOf(answer: WholeAnswer, { key, transport: { limits } }: NameList): readonly string[] {
  const what = redactUrl(answer.url);
  if (isWebPage(answer.bytes)) throw webPageInstead(answer, `a list with "${key}"`, "invalid-json");
  const document = parseJson(answer.bytes, { what, limits });
  const isObject = typeof document === "object" && document !== null && !Array.isArray(document);
  // Some registries answer null for an empty list.
  const list = isObject ? (member(document, key) ?? []) : undefined;
  if (Array.isArray(list) && list.every((name) => typeof name === "string")) return list;
  throw new OciError("invalid-json", `${what}: expected "${key}" to be a list of strings`);
}
