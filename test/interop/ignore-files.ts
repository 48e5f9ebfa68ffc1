// SPDX-License-Identifier: MIT
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { digestBytes } from "../../src/bytes/hash.ts";
import { fromText } from "../../src/bytes/byte-string.ts";
import {
  hashContext,
  type HashContextOptions,
} from "../../src/chain/context/content/hash-context.ts";
import type { Random } from "../fuzz/random.ts";
import { parseContextList } from "../../src/chain/context/content/context-list.ts";

const NAMES = ["a", "b", "c", "ab", "abc", "aab", ".x", "x y", "é", "a{2}", "b|c", "[z]", "n.log"];
NAMES.push("!k", "#h", "a+b", "^a", "c.d.e", "1", "\\w", "out", "日本");
const PIECES = ["*", "**", "?", "[ab]", "[^a]", "[a-c]", "[*]", "\\a", "\\d", "\\w", "\\*", "{2}"];
PIECES.push(
  "{1,2}",
  "|",
  "^",
  "$",
  ".",
  "+",
  "(",
  "é",
  "[[:alpha:]]",
  "\\pL",
  "[?]",
  "\\[z]",
  "\\b",
);

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

/** Fills a directory with files, links and directories of names that patterns could mean. */
export function writeRandomTree(directory: string, random: Random): void {
  mkdirSync(directory, { recursive: true });
  for (let count = 8 + random.below(20); count > 0; count -= 1) {
    const path = join(directory, ...times(1 + random.below(4), () => random.of(NAMES)));
    try {
      mkdirSync(dirname(path), { recursive: true });
      const kind = random.below(8);
      if (kind === 0) mkdirSync(path);
      else if (kind === 1) symlinkSync(random.of(["a", "/etc/passwd", "../../x", "none"]), path);
      else writeFileSync(path, path.slice(directory.length));
      if (kind > 1) chmodSync(path, random.of([0o644, 0o755, 0o600, 0o4755, 0o664]));
    } catch {
      // A file is where a directory should be, or the other way round: one fewer.
    }
  }
}

function randomSegment(random: Random): string {
  if (random.below(3) > 0) return random.of(random.oneIn(2) ? NAMES : NAMES.slice(0, 5));
  return times(1 + random.below(3), () => random.of(random.oneIn(2) ? PIECES : NAMES)).join("");
}

function randomLine(random: Random): string {
  const special = random.below(24);
  if (special === 0) return random.of(["", "   ", "# a", " # a", ".", "/", "..", "!.."]);
  const segment = (): string =>
    random.oneIn(6) ? random.of(["**", "*", "**", "."]) : randomSegment(random);
  const path = times(1 + random.below(3), segment).join(random.oneIn(12) ? "//" : "/");
  const before = random.of(["", "", "", "", "", "/", "./", " ", "x/../"]);
  return `${random.of(["", "", "!", "! "])}${before}${path}${random.of(["", "", "", "/", " "])}`;
}

/** The text of an ignore file. */
export function randomIgnoreFile(random: Random): string {
  const lines = times(1 + random.below(7), () => randomLine(random));
  // What was ignored once is the most likely to be asked for again.
  if (random.oneIn(3)) lines.push(random.of(lines), random.of(lines));
  const mark = random.oneIn(10) ? "\ufeff" : "";
  return mark + lines.join(random.oneIn(8) ? "\r\n" : "\n") + (random.oneIn(2) ? "\n" : "");
}

/** What was sent, by path: type, mode, and content or target. */
export type Sent = Readonly<Record<string, string>>;

/** What we say that BuildKit is sent. */
export async function sentByUs(context: string, options: HashContextOptions = {}): Promise<Sent> {
  const { list } = await hashContext(context, options);
  return Object.fromEntries(
    parseContextList(list).map(({ path, type, mode, content }) => [
      path,
      `${type} ${mode.toString(8)} ${content}`,
    ]),
  );
}

/** What BuildKit received: the tree that it wrote. */
export function receivedIn(directory: string, path = ""): Sent {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(directory, path))) {
    const below = path === "" ? name : `${path}/${name}`;
    const place = join(directory, below);
    const stats = lstatSync(place);
    const mode = (stats.mode & 0o7777).toString(8);
    if (stats.isSymbolicLink())
      found[fromText(below)] = `symlink 777 ${fromText(readlinkSync(place))}`;
    else if (stats.isDirectory()) {
      found[fromText(below)] = `directory ${mode} `;
      Object.assign(found, receivedIn(directory, below));
    } else found[fromText(below)] = `file ${mode} ${digestBytes(readFileSync(place))}`;
  }
  return found;
}
