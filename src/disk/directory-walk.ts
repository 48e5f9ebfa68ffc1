// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { toText, type ByteString } from "../bytes/byte-string.ts";
import { OciError } from "../oci/errors.ts";

/** Finds the directories below a root without following a link. */
export interface DirectoryWalk {
  /**
   * A path on this machine for a directory of the root (normalised, `/` the root itself), to which
   * `/name` can be appended; undefined when there is none, or a link stands in the way. Valid until
   * the next call.
   * @throws OciError `unreadable`
   */
  locate(directory: ByteString): Buffer | undefined;
  close(): void;
}

// Not in fs.constants. The same on every architecture that Node runs on: no permission to read is needed.
const O_PATH = 0o10000000;
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
export function openWalk(directory: string): DirectoryWalk {
  const fd = openRoot(directory);
  if (hasDescriptorPaths(fd)) return openDescriptorWalk(fd, directory);
  fs.closeSync(fd);
  return openPathWalk(directory);
}

function openRoot(directory: string): number {
  try {
    return fs.openSync(directory, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
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

function hasDescriptorPaths(fd: number): boolean {
  if (process.platform !== "linux") return false;
  const there = fs.statSync(`/proc/self/fd/${fd}/.`, { throwIfNoEntry: false });
  return there?.ino === fs.fstatSync(fd).ino;
}

function openDescriptorWalk(rootFd: number, name: string): DirectoryWalk {
  // The directory asked for last stays open: its neighbours are usually asked for next.
  let last = { path: "" as ByteString, fd: rootFd };
  let closed = false;
  const keep = (path: ByteString, fd: number): void => {
    if (last.fd !== rootFd) fs.closeSync(last.fd);
    last = { path, fd };
  };
  return {
    locate(directory) {
      if (closed)
        throw new OciError("invalid-argument", `${name}: expected it open, it was closed`);
      const path = (directory === "/" ? "" : directory) as ByteString;
      const inLast = path === last.path || path.startsWith(`${last.path}/`);
      const [from, fd] = inLast ? [last.path, last.fd] : ["", rootFd];
      const names = path.slice(from.length).split("/").slice(1) as ByteString[];
      const found = descend(fd, names, (cause) => unreadable(name, directory, cause));
      if (found === undefined) return undefined;
      if (found !== last.fd) keep(path, found);
      return descriptorPath(found);
    },
    close() {
      if (closed) return;
      closed = true;
      keep("" as ByteString, rootFd);
      fs.closeSync(rootFd);
    },
  };
}

/** Opens directory after directory; what it opened on the way is closed. `start` itself is left open. */
function descend(
  start: number,
  names: readonly ByteString[],
  asUnreadable: (cause: unknown) => OciError,
): number | undefined {
  let fd = start;
  for (const name of names) {
    let next: number | undefined;
    try {
      next = fs.openSync(joinBytes(descriptorPath(fd), name), O_PATH | DIRECTORY_ONLY);
    } catch (error) {
      if (!isAbsent(error)) throw asUnreadable(error);
    } finally {
      if (fd !== start) fs.closeSync(fd);
    }
    if (next === undefined) return undefined;
    fd = next;
  }
  return fd;
}

function descriptorPath(fd: number): Buffer {
  return Buffer.from(`/proc/self/fd/${fd}`);
}

/** The walk where a descriptor has no path: every component is looked at, then used by its name. */
export function openPathWalk(root: string): DirectoryWalk {
  return {
    locate(directory) {
      let path: Buffer = Buffer.from(root);
      for (const name of directory.split("/") as ByteString[]) {
        if (name === "") continue;
        path = joinBytes(path, name);
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

/** `directory/name` as bytes. */
export function joinBytes(directory: Buffer, name: ByteString): Buffer {
  return Buffer.concat([directory, Buffer.from(`/${name}`, "latin1")]);
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
