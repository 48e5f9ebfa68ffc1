// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { toText, type ByteString } from "../bytes/byte-string.ts";
import { findBrokenLink } from "../files/links/broken-link.ts";
import { OciError } from "../oci/errors.ts";
import { below, procPath, hasProcPaths, O_PATH, type SystemPath } from "../files/proc-path.ts";
import { widenDirectory } from "./make-readable.ts";
import { systemCode, systemReason } from "../files/system-error.ts";

/** Finds the directories below a root without following links. */
export interface DirectoryWalk {
  /**
   * A path at which this machine reaches a directory of the root (normalised; `/` is the root itself); append
   * names to it with `below`. Undefined when there is no such directory or a link is on the way. Valid until
   * the next call.
   * @throws OciError `unreadable`
   */
  locate(directory: ByteString): SystemPath | undefined;
  /** The original mode of the root, if it was changed to make the root readable. */
  readonly rootMode?: number | undefined;
  close(): void;
}

/** Options of {@link openWalk}. */
export interface WalkOptions {
  /** Makes directories that their owner may not read readable for the owner, as long as the walk is in them. */
  readonly widen?: boolean | undefined;
}

const DIRECTORY_ONLY = fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW;
const ABSENT: ReadonlySet<string | undefined> = new Set([
  "ENOENT",
  "ENOTDIR",
  "ELOOP",
  "ENAMETOOLONG",
  // For a name with a zero byte, which no disk can hold.
  "ERR_INVALID_ARG_VALUE",
]);

/**
 * Opens a root to walk in. On Linux every component is opened relative to the one before it (through
 * `/proc/self/fd`), so that a directory replaced by a link during the walk leads nowhere. On other systems
 * every component is checked before it is used.
 * @throws OciError `not-found`, `invalid-argument` when it is no directory, `unreadable`
 */
export function openWalk(directory: string, { widen = false }: WalkOptions = {}): DirectoryWalk {
  const fd = openRoot(directory, widen && process.platform === "linux");
  if (hasProcPaths()) return openDescriptorWalk(fd, directory, widen);
  fs.closeSync(fd);
  return openPathWalk(directory);
}

function openRoot(directory: string, unread: boolean): number {
  const access = unread ? O_PATH : fs.constants.O_RDONLY;
  try {
    return fs.openSync(directory, access | fs.constants.O_DIRECTORY);
  } catch (cause) {
    const code = systemCode(cause);
    if (code === "ENOENT" || code === "ELOOP") {
      const { words = "nothing", hint } = findBrokenLink(directory) ?? {};
      const message = `${directory}: expected a directory, got ${words}`;
      throw new OciError("not-found", message, { cause, ...(hint !== undefined && { hint }) });
    }
    if (code === "ENOTDIR") {
      throw new OciError("invalid-argument", `${directory}: expected a directory, got a file`, {
        cause,
      });
    }
    throw unreadable(directory, "/" as ByteString, cause);
  }
}

interface OpenDirectory {
  /** Empty for the root. */
  readonly path: ByteString;
  readonly fd: number;
  /** The mode to restore when it is closed. */
  readonly narrow: number | undefined;
}

/** How many directories stay open. Deeper ones are opened again when the walk returns to them. */
const MOST_OPEN = 64;

function openDescriptorWalk(rootFd: number, name: string, widen: boolean): DirectoryWalk {
  // The directories from the root to the last one located stay open, because its neighbours usually come next.
  const open: OpenDirectory[] = [];
  const push = (path: ByteString, fd: number): OpenDirectory => {
    const opened = { path, fd, narrow: widen ? widenDirectory(fd) : undefined };
    open.push(opened);
    if (open.length > MOST_OPEN) closeDirectory(open.splice(1, 1)[0]!);
    return opened;
  };
  const root = push("" as ByteString, rootFd);
  return {
    rootMode: root.narrow,
    locate(directory) {
      if (open.length === 0)
        throw new OciError("invalid-argument", `${name}: expected it open, it was closed`);
      const path = (directory === "/" ? "" : directory) as ByteString;
      let last = open.at(-1)!;
      while (last !== root && path !== last.path && !path.startsWith(`${last.path}/`)) {
        closeDirectory(open.pop()!);
        last = open.at(-1)!;
      }
      const names = path.slice(last.path.length).split("/").slice(1) as ByteString[];
      for (const next of names) {
        const fd = openInside(last.fd, next, (cause) => unreadable(name, directory, cause));
        if (fd === undefined) return undefined;
        last = push(`${last.path}/${next}` as ByteString, fd);
      }
      return procPath(last.fd);
    },
    close() {
      while (open.length > 0) closeDirectory(open.pop()!);
    },
  };
}

function closeDirectory({ fd, narrow }: OpenDirectory): void {
  try {
    if (narrow !== undefined) fs.chmodSync(procPath(fd), narrow);
  } finally {
    fs.closeSync(fd);
  }
}

function openInside(
  fd: number,
  name: ByteString,
  asUnreadable: (cause: unknown) => OciError,
): number | undefined {
  try {
    return fs.openSync(below(procPath(fd), name), O_PATH | DIRECTORY_ONLY);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw asUnreadable(error);
  }
}

/** The walk for systems on which a file descriptor has no path: every component is checked, then used by its name. */
export function openPathWalk(root: string): DirectoryWalk {
  return {
    locate(directory) {
      let path: SystemPath = root;
      for (const name of directory.split("/") as ByteString[]) {
        if (name === "") continue;
        path = below(path, name);
        try {
          if (!fs.lstatSync(path).isDirectory()) return undefined;
        } catch (error) {
          if (isAbsent(error)) return undefined;
          throw unreadable(root, directory, error);
        }
      }
      return path;
    },
    close: () => undefined,
  };
}

/** Whether the system's error says that nothing is there. Any other error means that the system could not tell. */
export function isAbsent(error: unknown): boolean {
  return ABSENT.has(systemCode(error));
}

/** The error for something that exists, or may exist, and cannot be read. */
export function unreadable(root: string, path: ByteString, cause: unknown): OciError {
  return new OciError(
    "unreadable",
    `${root}: ${toText(path)} can't be read: ${systemReason(cause)}`,
    { cause, details: { path }, hint: "Run as a user who may read it." },
  );
}
