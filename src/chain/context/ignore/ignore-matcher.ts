// SPDX-License-Identifier: MIT
import { fromText, type ByteString } from "../../../bytes/byte-string.ts";
import { OciError } from "../../../oci/errors.ts";
import { quote } from "../../../oci/quote.ts";
import { isValidGlob } from "./check-glob.ts";
import { cleanPath } from "./clean-path.ts";
import { trimSpace } from "./code-points.ts";
import { compilePattern, type PathTest } from "./compile-pattern.ts";
import { ExpressionError } from "./expression-syntax.ts";
import type { IgnoreLine } from "./read-ignore-file.ts";

/** What is known of a directory when its entries are matched. */
export interface MatchState {
  /** For each pattern, whether it matched the directory or one above it. */
  readonly matched: Uint8Array;
  readonly isIgnored: boolean;
}

/** The patterns of an ignore file, in their order. */
export interface IgnoreMatcher {
  /**
   * Matches a path (no leading `/`), given the state of its directory (undefined at the root). Directories have to
   * be matched one after the other from the root, also those that are ignored.
   * @throws OciError `invalid-argument` for a pattern that makes no regular expression
   */
  match(path: ByteString, parent: MatchState | undefined): MatchState;
  /**
   * Whether BuildKit reads a file that is not ignored. It asks again before it reads one, in another way: where a
   * directory is ignored twice and a file of it included in between, the file is sent, but empty.
   */
  isRead(path: ByteString): boolean;
  /** Whether something below an ignored directory may be included again. Otherwise nobody has to look there. */
  mayInclude(directory: ByteString): boolean;
}

interface Pattern {
  readonly path: string;
  readonly includes: boolean;
  readonly test: PathTest;
}

/**
 * Makes the matcher of patterns, exactly as BuildKit has it: the last pattern that matches a path or a directory
 * above it decides. `name` is the ignore file's, for messages.
 * @throws OciError `invalid-argument` for a pattern that BuildKit refuses
 */
export function createIgnoreMatcher(lines: readonly IgnoreLine[], name: string): IgnoreMatcher {
  const patterns = lines.flatMap((line) => toPattern(line, name));
  const inclusions = patterns
    .filter(({ includes }) => includes)
    .map(({ path }) => withoutGlob(path));
  const isNarrow = !inclusions.some((path) => /[*[\]?^\\]/.test(path));
  const starts = inclusions.map((path) => fromText(`${path}/`));
  return {
    match: (path, parent) => matchBelow(patterns, path, parent),
    isRead: (path) => inclusions.length === 0 || !isIgnoredByParts(patterns, path),
    mayInclude: (directory) =>
      !isNarrow || starts.some((start) => start.startsWith(`${directory}/`)),
  };
}

function toPattern({ pattern, line }: IgnoreLine, name: string): readonly Pattern[] {
  const trimmed = trimSpace(pattern);
  if (trimmed === "") return [];
  const clean = cleanPath(trimmed);
  const includes = clean.startsWith("!");
  const path = includes ? clean.slice(1) : clean;
  if (path === "") throw refused(name, line, pattern, "a path behind the !");
  if (!isValidGlob(path)) throw refused(name, line, pattern, "each [ closed, and no \\ at the end");
  let test: PathTest | undefined;
  return [
    {
      path,
      includes,
      // Late, as BuildKit does: a pattern that is never asked ends no build.
      test: (candidate) => (test ??= compile(path, () => [name, line, pattern]))(candidate),
    },
  ];
}

function compile(path: string, where: () => readonly [string, number, string]): PathTest {
  try {
    return compilePattern(path);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw refused(...where(), `a pattern that BuildKit can read (${error.message})`);
  }
}

function refused(name: string, line: number, pattern: string, expected: string): OciError {
  return new OciError(
    "invalid-argument",
    `${name}:${line}: expected ${expected}, got ${quote(pattern)}`,
    {
      details: { line, pattern },
      hint: "BuildKit refuses this pattern too, and the build with it.",
    },
  );
}

function matchBelow(
  patterns: readonly Pattern[],
  path: ByteString,
  parent: MatchState | undefined,
): MatchState {
  const matched = new Uint8Array(patterns.length);
  let isIgnored = false;
  for (const [at, { includes, test }] of patterns.entries()) {
    // A pattern that could change nothing is not asked, and then counts as not matched for what is below.
    const matches = parent?.matched[at] === 1 || (includes === isIgnored && test(path));
    if (!matches) continue;
    matched[at] = 1;
    isIgnored = !includes;
  }
  return { matched, isIgnored };
}

/** Matches every part of the path against every pattern that could change something. */
function isIgnoredByParts(patterns: readonly Pattern[], path: ByteString): boolean {
  const candidates = [path];
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
    candidates.push(path.slice(0, at) as ByteString);
  }
  let isIgnored = false;
  for (const { includes, test } of patterns) {
    if (includes === isIgnored && candidates.some(test)) isIgnored = !includes;
  }
  return isIgnored;
}

/** BuildKit's own short cut: below `a/**` and `a/*` nothing is looked for that is not below `a`. */
function withoutGlob(path: string): string {
  const deep = path.endsWith("/**") ? path.slice(0, -3) : path;
  return deep.endsWith("/*") ? deep.slice(0, -2) : deep;
}
