// SPDX-License-Identifier: MIT
import { EQUALS, scanHeader, takeQuoted, TOKEN } from "./header-scanner.ts";

const SKIP = /[\s,]*/y;
const TARGET = /<([^<>]*)>/y;
const SEMICOLON = /[ \t]*;[ \t;]*/y;
const UNQUOTED = /'[^']*'|[^\s,;"]*/y;
const LONGEST = 16_384;

/** One link of a `Link` header. */
interface Link {
  readonly target: string;
  /** Lower-case: `next`, `prev`. Of several `rel` parameters the first counts (RFC 8288, 3.3). */
  readonly relations: readonly string[];
}

/**
 * The target of the link to the next page in a `Link` value (RFC 8288; several headers joined by commas),
 * unresolved; undefined when there is none. Never throws.
 */
export function parseNextLink(header: string | undefined): string | undefined {
  return parseLinks(header ?? "").find(({ relations }) => relations.includes("next"))?.target;
}

/** Parses up to the first thing that is not a link, and keeps what came before. */
function parseLinks(header: string): readonly Link[] {
  const take = scanHeader(header.slice(0, LONGEST));
  const links: Link[] = [];
  for (;;) {
    take(SKIP);
    const target = take(TARGET)?.[1];
    if (target === undefined) return links;
    let relation: string | undefined;
    while (take(SEMICOLON) !== undefined) {
      const name = take(TOKEN)?.[0].toLowerCase();
      if (name === undefined) break;
      if (take(EQUALS) === undefined) continue;
      const given = takeQuoted(take) ?? take(UNQUOTED)?.[0] ?? "";
      if (name === "rel") relation ??= given;
    }
    links.push({ target, relations: wordsOf(relation ?? "") });
  }
}

/** The relation types of a `rel`. Some servers put it in single quotes. */
function wordsOf(relation: string): readonly string[] {
  return relation
    .replace(/^'(.*)'$/s, "$1")
    .toLowerCase()
    .split(/\s+/);
}

/** Formats a `Link` header: `</v2/a/tags/list?last=v1&n=2>; rel="next"`. */
export function formatNextLink(target: string): string {
  return `<${target}>; rel="next"`;
}
