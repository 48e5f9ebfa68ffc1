// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import { changeEntry, subjectOf, type EntryEdit } from "./edit-entry.ts";
import type { Entry } from "../entry.ts";
import { normalisePath } from "../normalise-path.ts";
import { classifyWhiteout, opaquePath, whiteoutPath } from "../whiteout.ts";

/**
 * Moves a path and all that is below it: `/usr/local` to `/opt`; from `/` it puts a prefix before everything.
 * Targets of hard links and whiteouts move along. Targets of symbolic links stay as they are. No entries are
 * added for the parent directories of the new path: readers imply them.
 * @throws OciError `path-escape` for either path; while editing `invalid-argument` when something other than
 *   a directory would become the root
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
 * Drops every entry whose path matches, or is below a path that does. A whiteout is dropped when the path
 * that it removes matches, so that the layer says nothing about that path.
 * @param matches gets normalised paths
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

/** The part of a path after `directory`: empty for the directory itself, undefined for a path that is not below it. */
function belowOf(path: ByteString, directory: ByteString): string | undefined {
  if (directory === "/") return path === "/" ? "" : path;
  if (path === directory) return "";
  return path.startsWith(`${directory}/`) ? path.slice(directory.length) : undefined;
}

/** The name of an entry after it moved to another path. Bookkeeping of AUFS, which is about no path, keeps its name. */
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
