// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import { changeEntry, subjectOf, type EntryEdit } from "./edit-entry.ts";
import type { Entry } from "../entry.ts";
import { normalisePath } from "../normalise.ts";
import { classifyWhiteout, opaquePath, whiteoutPath } from "../whiteout.ts";

/**
 * Moves a path and all that is below it: `/usr/local` to `/opt`; from `/` it puts a prefix before
 * everything. Targets of hard links move too, and whiteouts with what they remove. Targets of symbolic
 * links stay as they are. Directories on the way to the new place are not made: readers imply them.
 * @throws OciError `path-escape` for either path; from the edit `invalid-argument` when something that is
 * no directory would become the root
 */
export function renamePaths(from: ByteString, to: ByteString): EntryEdit {
  const before = normalisePath(from);
  const after = normalisePath(to);
  const move = (path: ByteString): ByteString | undefined => {
    const below = belowOf(path, before);
    if (below === undefined) return undefined;
    return (after === "/" ? below || "/" : `${after}${below}`) as ByteString;
  };
  return (entry) => {
    const path = move(subjectOf(entry));
    const target = entry.type === "hardlink" ? move(normalisePath(entry.linkTarget)) : undefined;
    if (path === undefined && target === undefined) return entry;
    return changeEntry(entry, {
      path: path === undefined ? entry.path : nameAt(entry, path),
      linkTarget: target === undefined ? entry.linkTarget : (target.slice(1) as ByteString),
    });
  };
}

/**
 * Leaves out every path that matches, or that is below one that does; a whiteout where what it removes
 * matches: the layer then says nothing of that path.
 * @param matches is asked with normalised paths
 */
export function dropPaths(matches: (path: ByteString) => boolean): EntryEdit {
  return (entry) => {
    const path = subjectOf(entry);
    if (matches(path)) return undefined;
    for (let slash = path.indexOf("/", 1); slash > 0; slash = path.indexOf("/", slash + 1)) {
      if (matches(path.slice(0, slash) as ByteString)) return undefined;
    }
    return entry;
  };
}

/** What follows `directory` in a path that is it (then nothing) or is below it; undefined for any other. */
function belowOf(path: ByteString, directory: ByteString): string | undefined {
  if (directory === "/") return path === "/" ? "" : path;
  if (path === directory) return "";
  return path.startsWith(`${directory}/`) ? path.slice(directory.length) : undefined;
}

/** The name of an entry at another path; bookkeeping of AUFS, which stands for no path, keeps its own. */
function nameAt(entry: Entry, path: ByteString): ByteString {
  const kind = classifyWhiteout(entry.path)?.kind;
  if (kind === "ignored") return entry.path;
  if (kind === "opaque") return opaquePath(path);
  if (entry.type === "directory") return (path === "/" ? "./" : `${path.slice(1)}/`) as ByteString;
  if (path !== "/") return kind === "whiteout" ? whiteoutPath(path) : (path.slice(1) as ByteString);
  throw new OciError(
    "invalid-argument",
    `rename of "${toText(entry.path)}": expected a directory to become the root, got ${kind === undefined ? `a ${entry.type}` : "a whiteout"}`,
    { details: { path: entry.path } },
  );
}
