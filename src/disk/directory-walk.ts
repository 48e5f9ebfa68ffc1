// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { toText, type ByteString } from "../bytes/byte-string.ts";
import { OciError } from "../oci/errors.ts";
import { below, procPath, hasProcPaths, O_PATH, type SystemPath } from "../files/proc-path.ts";
import { widenDirectory } from "./widen.ts";

/** Finds the directories below a root without following a link. */
export interface DirectoryWalk {
  /**
   * A path for a directory of the root (normalised, `/` the root itself), which names are put `below`;
   * undefined when there is none, or a link stands in the way. Valid until the next call.
   * @throws OciError `unreadable`
   */
  locate(directory: ByteString): SystemPath | undefined;
  /** The root's own mode, when it was widened to be read. */
  readonly rootMode?: number | undefined;
  close(): void;
}

/** Options of {@link openWalk}. */
export interface WalkOptions {
  /** Opens directories to their owner that he may not read, as long as the walk is in them. */
  readonly widen?: boolean | undefined;
}

const DIRECTORY_ONLY = fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW;
const ABSENT: ReadonlySet<string | undefined> = new Set([
  "ENOENT",
  "ENOTDIR",
  "ELOOP",
  "ENAMETOOLONG",
  // a name with a zero byte: no disk can hold one
  "ERR_INVALID_ARG_VALUE",
]);

/**
 * Opens a root to walk in. On Linux every component is opened by itself relative to the one before
 * (through `/proc/self/fd`), so that a directory that becomes a link meanwhile leads nowhere; where that
 * can't be had every component is looked at before use.
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
    if (code === "ENOENT") {
      throw new OciError("not-found", `${directory}: expected a directory, got nothing`, { cause });
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
  /** The mode to give back when it is closed. */
  readonly narrow: number | undefined;
}

/** Deeper than this, directories are opened again when they are come back to. */
const MOST_OPEN = 64;

function openDescriptorWalk(rootFd: number, name: string, widen: boolean): DirectoryWalk {
  // The way from the root to the directory asked for last stays open: its neighbours are usually asked for next.
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

/** The walk where a descriptor has no path: every component is looked at, then used by its name. */
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

/** Whether the system said that there is no such thing; anything else means that it could not be asked. */
export function isAbsent(error: unknown): boolean {
  return ABSENT.has(systemCode(error));
}

function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

/** The error for what is there, or may be, and can't be read. */
export function unreadable(root: string, path: ByteString, cause: unknown): OciError {
  return new OciError(
    "unreadable",
    `${root}: ${toText(path)} can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause, details: { path }, hint: "Run as a user who may read it." },
  );
}
