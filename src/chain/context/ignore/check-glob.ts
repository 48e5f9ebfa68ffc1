// SPDX-License-Identifier: MIT

/**
 * Whether Go's filepath.Match takes a pattern: every `[` opens a set that is closed and holds no bare `-` or `]` in
 * the place of a character, and no `\` stands at the end. BuildKit refuses other patterns.
 */
export function isValidGlob(pattern: string): boolean {
  for (let at = 0; at < pattern.length;) {
    const character = pattern[at]!;
    if (character === "[") {
      const end = endOfSet(pattern, at + 1);
      if (end === undefined) return false;
      at = end;
    } else if (character === "\\") {
      if (at + 1 === pattern.length) return false;
      at += 2;
    } else {
      at += 1;
    }
  }
  return true;
}

/** The index behind the `]` of a set whose members start at an index; undefined when the set is not valid. */
function endOfSet(pattern: string, start: number): number | undefined {
  let at = pattern[start] === "^" ? start + 1 : start;
  for (let members = 0; pattern[at] !== "]" || members === 0; members += 1) {
    const low = endOfMember(pattern, at);
    if (low === undefined) return undefined;
    const high = pattern[low] === "-" ? endOfMember(pattern, low + 1) : low;
    if (high === undefined) return undefined;
    at = high;
  }
  return at + 1;
}

/** The index behind one character of a set. Something has to follow, if only the `]`. */
function endOfMember(pattern: string, at: number): number | undefined {
  const character = pattern[at];
  if (character === undefined || character === "-" || character === "]") return undefined;
  const own = character === "\\" ? at + 1 : at;
  const end = own + ((pattern.codePointAt(own) ?? 0) > 0xffff ? 2 : 1);
  return end < pattern.length ? end : undefined;
}
