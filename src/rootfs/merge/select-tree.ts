// SPDX-License-Identifier: MIT
import { escapeText, fromText, type ByteString } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import { normalisePath } from "../../layer/normalise-path.ts";
import { compileGlob, type Glob } from "../glob.ts";
import { sortedNames, TreeDirectory } from "./merged-tree.ts";

/** A pattern as the caller gave it, and whether anything matched it. */
interface Pattern {
  readonly text: string;
  readonly globs: readonly Glob[];
  matched: boolean;
}

/** A directory of the whole tree while it is visited. */
interface Visit {
  readonly directory: TreeDirectory;
  readonly path: string;
  readonly name: ByteString;
  readonly parent: Visit | undefined;
  /** Whether it is selected because a directory above it matched. */
  readonly isTaken: boolean;
  /** Its counterpart in the selection, once something in it is selected. */
  selected: TreeDirectory | undefined;
}

/**
 * The part of a tree that the patterns select: what matches, everything below that, and its parents. The
 * nodes are those of the whole tree. No link is followed.
 * @param what names the tree in messages
 * @throws OciError `invalid-argument` for a malformed pattern, `not-found` for one that matches nothing
 */
export function selectTree(
  root: TreeDirectory,
  patterns: readonly string[],
  what: string,
): TreeDirectory {
  const wanted = patterns.map((text): Pattern => ({
    text,
    globs: compileGlob(normalisePath(fromText(text))),
    matched: false,
  }));
  const isAll = matchAny(wanted, "/" as ByteString);
  const top: Visit = {
    directory: root,
    path: "",
    name: "" as ByteString,
    parent: undefined,
    isTaken: isAll,
    selected: undefined,
  };
  const pending: Visit[] = [top];
  for (let visit = pending.pop(); visit !== undefined; visit = pending.pop()) {
    selectChildren(visit, wanted, pending);
  }
  const missed = wanted.find(({ matched }) => !matched);
  if (missed !== undefined) throw nothingMatches(missed.text, what);
  return isAll ? root : select(top);
}

function selectChildren(visit: Visit, wanted: readonly Pattern[], pending: Visit[]): void {
  for (const name of sortedNames(visit.directory)) {
    const path = `${visit.path}/${name}` as ByteString;
    const item = visit.directory.children.get(name)!;
    const matches = matchAny(wanted, path);
    if (matches && !visit.isTaken) select(visit).children.set(name, item);
    if (item instanceof TreeDirectory) {
      const isTaken = visit.isTaken || matches;
      pending.push({ directory: item, path, name, parent: visit, isTaken, selected: undefined });
    }
  }
}

/** The counterpart of a directory in the selection; makes it, and those of its parents, where missing. */
function select(visit: Visit): TreeDirectory {
  const path: Visit[] = [];
  let at: Visit | undefined = visit;
  for (; at !== undefined && at.selected === undefined; at = at.parent) path.push(at);
  let above = at?.selected;
  for (const missing of path.reverse()) {
    const selected: TreeDirectory = new TreeDirectory(missing.directory.node, above);
    above?.children.set(missing.name, selected);
    missing.selected = above = selected;
  }
  return above!;
}

/** Tries all patterns even after a match, because each pattern has to match something. */
function matchAny(patterns: readonly Pattern[], path: ByteString): boolean {
  let found = false;
  for (const pattern of patterns) {
    if (!pattern.globs.some((glob) => mayMatch(glob, path) && glob.matches(path))) continue;
    pattern.matched = found = true;
  }
  return found;
}

/** A quick test of what the pattern starts with; matching the whole pattern takes longer. */
function mayMatch({ prefix, literal }: Glob, path: ByteString): boolean {
  return literal ? path.length === prefix.length && path === prefix : path.startsWith(prefix);
}

function nothingMatches(pattern: string, what: string): OciError {
  return new OciError(
    "not-found",
    `${what}: expected something that matches "${escapeText(pattern)}", got nothing`,
    { details: { pattern }, hint: "Links are not followed: name the path that they lead to." },
  );
}
