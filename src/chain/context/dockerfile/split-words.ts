// SPDX-License-Identifier: MIT

/** The words of an instruction, as a shell would split them; quotes and escapes stay. */
export function splitWords(text: string, escape: string): string[] {
  const words: string[] = [];
  let word = "";
  let quoted = "";
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === escape && quoted !== "'" && at + 1 < text.length) {
      word += character + text[at + 1]!;
      at += 1;
    } else if (quoted === "" && /\s/.test(character)) {
      if (word !== "") words.push(word);
      word = "";
    } else {
      if (quoted === character) quoted = "";
      else if (quoted === "" && (character === '"' || character === "'")) quoted = character;
      word += character;
    }
  }
  if (word !== "") words.push(word);
  return words;
}

/** A word without its quotes and escapes. */
export function unquote(word: string, escape: string): string {
  let text = "";
  let quoted = "";
  for (let at = 0; at < word.length; at += 1) {
    const character = word[at]!;
    if (character === escape && quoted !== "'" && at + 1 < word.length) {
      text += word[at + 1]!;
      at += 1;
    } else if (quoted === character) quoted = "";
    else if (quoted === "" && (character === '"' || character === "'")) quoted = character;
    else text += character;
  }
  return text;
}
