// SPDX-License-Identifier: MIT

/**
 * Whether a text matches a pattern, in which `*` stands for any text and `?` for any character; slashes are
 * nothing special. Takes time in proportion to the text's length times the pattern's, even for hostile ones.
 */
export function matchText(pattern: string, text: string): boolean {
  let star = -1;
  let again = 0;
  let at = 0;
  for (let place = 0; place < text.length;) {
    if (pattern[at] === "*") {
      star = at;
      again = place;
      at += 1;
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === text[place])) {
      at += 1;
      place += 1;
    } else if (star >= 0) {
      at = star + 1;
      again += 1;
      place = again;
    } else return false;
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
}
