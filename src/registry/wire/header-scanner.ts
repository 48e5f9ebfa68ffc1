// SPDX-License-Identifier: MIT

/**
 * Reads a header's value from its start: each call takes what a sticky pattern (`/…/y`) matches next, and moves behind
 * it; undefined, without moving, when nothing does. Linear in time for patterns without nested repetition.
 */
export function scanHeader(value: string): (pattern: RegExp) => RegExpExecArray | undefined {
  let at = 0;
  return (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(value) ?? undefined;
    if (found !== undefined) at = pattern.lastIndex;
    return found;
  };
}

/** A token (RFC 9110, 5.6.2). */
export const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
/** The sign between the name of a parameter and its value. */
export const EQUALS = /[ \t]*=[ \t]*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy;

/** Takes a quoted string (RFC 9110, 5.6.4), without its quotes and escapes; undefined when there is none next. */
export function takeQuoted(take: ReturnType<typeof scanHeader>): string | undefined {
  return take(QUOTED)?.[1]?.replace(/\\(.)/gs, "$1");
}
