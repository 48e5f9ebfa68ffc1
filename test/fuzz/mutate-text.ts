// SPDX-License-Identifier: MIT
import type { Random } from "./random.ts";

/** What parsers trip over: limits of numbers, names of prototypes, control characters, half of a pair. */
const FRAGMENTS = [
  ...["", " ", "\0", "\n", "\r\n", "\t", "\u001b[2J", "\u202e", "\ufeff", "\ud800", "é", "ß"],
  ...["__proto__", "constructor", "toString", "null", "true", "NaN", "-0", "1e400", "0x10"],
  ...["9007199254740993", "-1", "99999999999999999999", "1.5", "00", "sha256:", "sha512:"],
  ...["..", "/", "//", "/../", "%2e%2e", "%", "%00", ":", "@", "?", "#", "\\", '"', "'", "`"],
  ...["{", "}", "[", "]", ",", "=", ";", "<", ">", "&", "*", "!", "|", "- ", ": ", "${", "}", "$"],
];

/** The text with a few changes: spans left out, repeated or moved, fragments put in, characters replaced. */
export function mutateText(text: string, random: Random, words: readonly string[] = []): string {
  let mutated = text;
  for (let left = random.below(4); left >= 0; left -= 1) {
    const at = random.below(mutated.length + 1);
    const to = Math.min(mutated.length, at + random.below(40));
    const [head, span, tail] = [mutated.slice(0, at), mutated.slice(at, to), mutated.slice(to)];
    const word = random.oneIn(2) ? random.of(FRAGMENTS) : random.of([...words, span]);
    mutated = random.of([
      head + tail,
      head + word + span + tail,
      head + word + tail,
      head + span.repeat(random.of([2, 3, 200])) + tail,
      head + String.fromCharCode(random.below(0x180)) + tail,
      head,
    ]);
  }
  return mutated;
}

const VALUES: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 2 ** 53, 1e300, "", "x", "\u001b", [], {}, [null], [[]], { "": "" }],
  ...["sha256:../../x", `sha256:${"0".repeat(64)}`, "a".repeat(5_000), { mediaType: null }],
];

/** The JSON text of a value with a few of its members replaced, left out, repeated, or nested deeply. */
export function mutateJson(value: unknown, random: Random): string {
  const copy = structuredClone(value);
  for (let left = random.below(3); left >= 0; left -= 1) mutateMember(copy, random);
  const text = JSON.stringify(copy);
  if (random.oneIn(30)) return "[".repeat(1 + random.below(100_000)) + text;
  return random.oneIn(4) ? mutateText(text, random, ['"digest":', '"size":', "}]"]) : text;
}

function mutateMember(root: unknown, random: Random): void {
  let holder = root;
  for (;;) {
    if (typeof holder !== "object" || holder === null) return;
    const members = holder as Record<string, unknown>;
    const keys = Object.keys(members);
    const key = keys.length === 0 ? "new" : random.of(keys);
    const below = members[key];
    if (typeof below === "object" && below !== null && !random.oneIn(4)) {
      holder = below;
      continue;
    }
    if (random.oneIn(3) && !Array.isArray(holder)) Reflect.deleteProperty(members, key);
    else if (random.oneIn(4)) members[random.of(["__proto__", "annotations", "urls", "x"])] = below;
    else members[key] = structuredClone(random.of(VALUES));
    return;
  }
}
