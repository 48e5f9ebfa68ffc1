// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import type { SystemPath } from "../../files/proc-path.ts";
import type { ByteString } from "../../bytes/byte-string.ts";
import { parentOf } from "../../layer/path-parts.ts";
import {
  givenPath,
  NO_XATTRS,
  parseComplaints,
  parseDump,
  runDump,
  type Xattrs,
} from "./xattr-command.ts";

/** The extended attributes of a tree at the moment when all of them were read. */
export interface TreeXattrs {
  /** The attributes at a path; undefined when they could not be read. */
  of(path: ByteString): Xattrs | undefined;
}

/** The path under which the command sees the tree's root; `/name` is appended to it for what is below. */
const ROOT = `${givenPath(0)}/.`;
/** Everything below the root; links themselves, not what they lead to. */
const WHOLE = ["-R", "-P", "-h"];
const { O_RDONLY, O_DIRECTORY } = fs.constants;

/**
 * Reads the attributes of everything in a directory with one process of the command `getfattr`: for systems
 * for which the package with the calls has no build. No link is followed. Linux only. Returns undefined when
 * there is no such command.
 * @throws the system's error
 */
export function dumpTreeXattrs(directory: SystemPath): TreeXattrs | undefined {
  if (process.platform !== "linux") return undefined;
  const fd = fs.openSync(directory, O_RDONLY | O_DIRECTORY);
  try {
    const { error, stdout, stderr } = runDump(WHOLE, [ROOT], [fd]);
    if (error !== undefined && "code" in error && error.code === "ENOENT") return undefined;
    if (error !== undefined) throw error;
    return makeTreeXattrs(parseDump(stdout), unreadPaths(stderr));
  } finally {
    fs.closeSync(fd);
  }
}

function makeTreeXattrs(
  found: ReadonlyMap<ByteString, Xattrs>,
  unread: ReadonlySet<ByteString>,
): TreeXattrs {
  return {
    of(path) {
      const place = (path === "/" ? ROOT : ROOT + path) as ByteString;
      return isAtOrBelow(place, unread) ? undefined : (found.get(place) ?? NO_XATTRS);
    },
  };
}

/** The paths that could not be read. A disk without attributes complains of every path: those have none, and are left out. */
function unreadPaths(stderr: string): Set<ByteString> {
  const refused = parseComplaints(stderr).filter(
    ({ reason }) => reason !== "Operation not supported",
  );
  return new Set(refused.map(({ path }) => path));
}

function isAtOrBelow(place: ByteString, unread: ReadonlySet<ByteString>): boolean {
  if (unread.size === 0) return false;
  for (let at = place; at.length >= ROOT.length; at = parentOf(at)) {
    if (unread.has(at)) return true;
  }
  return false;
}
