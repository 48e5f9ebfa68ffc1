// SPDX-License-Identifier: MIT

/** The values of variables; undefined for one whose value is not known here. A name that is not in it is empty. */
export type Variables = ReadonlyMap<string, string | undefined>;

/**
 * Replaces `$NAME`, `${NAME}`, `${NAME:-word}`, `${NAME-word}`, `${NAME:+word}` and `${NAME+word}`. Returns undefined
 * when the result is not known: a variable's value is not, or it is written in another way.
 */
export function expandVariables(text: string, variables: Variables): string | undefined {
  let result = "";
  for (let at = 0; at < text.length;) {
    if (text[at] !== "$") {
      result += text[at]!;
      at += 1;
      continue;
    }
    const end = endOfVariable(text, at + 1);
    const value = end === undefined ? undefined : valueOf(text.slice(at + 1, end), variables);
    if (end === undefined || value === undefined) return undefined;
    result += value;
    at = end;
  }
  return result;
}

/** The index behind a variable whose `$` is before an index. */
function endOfVariable(text: string, start: number): number | undefined {
  if (text[start] !== "{") {
    let end = start;
    while (end < text.length && /\w/.test(text[end]!)) end += 1;
    return end === start ? undefined : end;
  }
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === "{") depth += 1;
    if (text[at] === "}") depth -= 1;
    if (depth === 0) return at + 1;
  }
  return undefined;
}

/** The value of `NAME` or `{NAME…}`. */
function valueOf(variable: string, variables: Variables): string | undefined {
  const inner = variable.startsWith("{") ? variable.slice(1, -1) : variable;
  const [, name, colon, sign, word = ""] = /^(\w+)(?:(:?)([-+])(.*))?$/s.exec(inner) ?? [];
  if (name === undefined) return undefined;
  const value = variables.get(name);
  if (value === undefined && variables.has(name)) return undefined;
  const isSet = colon === ":" ? (value ?? "") !== "" : value !== undefined;
  if (sign === "-" && !isSet) return expandVariables(word, variables);
  if (sign === "+") return isSet ? expandVariables(word, variables) : "";
  return value ?? "";
}
