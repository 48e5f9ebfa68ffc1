// SPDX-License-Identifier: MIT

// Each pattern is anchored at `lastIndex` and has no nested repetition, so parsing takes linear time.
const SKIP = /[\s,]*/y;
const TARGET = /<([^<>]*)>/y;
const SEMICOLON = /[ \t]*;[ \t;]*/y;
const NAME = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy;
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
  const value = header.slice(0, LONGEST);
  const links: Link[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(value) ?? undefined;
    if (found !== undefined) at = pattern.lastIndex;
    return found;
  };

  for (;;) {
    take(SKIP);
    const target = take(TARGET)?.[1];
    if (target === undefined) return links;
    let relation: string | undefined;
    while (take(SEMICOLON) !== undefined) {
      const name = take(NAME)?.[0].toLowerCase();
      if (name === undefined) break;
      if (take(EQUALS) === undefined) continue;
      const quoted = take(QUOTED)?.[1]?.replace(/\\(.)/gs, "$1");
      const given = quoted ?? take(UNQUOTED)?.[0] ?? "";
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
