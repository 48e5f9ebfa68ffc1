// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import type { ByteString } from "../../bytes/byte-string.ts";
import { below, procPath, O_PATH, type SystemPath } from "../../files/proc-path.ts";
import { unwritableAt } from "./unwritable-at.ts";

/** Leads from directory to directory below a root that is open, through no link. */
export interface DirectoryCursor {
  /**
   * A path on this machine for a directory of the root (normalised, `/` the root itself), to which
   * {@link below} appends names. Valid until the next call.
   * @throws OciError `unwritable` when there is none, or a link stands in the way
   */
  moveTo(directory: ByteString): SystemPath;
  /**
   * Directories that their owner, who is no root, could not have worked in: they were opened to him, and
   * their mode is to be set again.
   */
  readonly widened: ReadonlySet<ByteString>;
  /** Closes what it opened; the root stays open. Idempotent. */
  close(): void;
}

/** Opens the directory itself, or nothing: no link in its place, no other file. */
export const DIRECTORY_ITSELF = O_PATH | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW;
/** How many directories above the present one are kept open, and how far apart those above are that stay open too. */
const WINDOW = 128;
const OWNERS = 0o700;
const SLASH = 0x2f;
const ROOT = "" as ByteString;

/** A directory on the way to the present one: where its path ends in that one's. Closed: `fd` is -1. */
interface Frame {
  readonly end: number;
  fd: number;
}

/**
 * Opens every component by itself, relative to the one before. Of the way down only some directories
 * stay open: the last ones, and one in so many above, from which a deep tree's others are reached again
 * in few steps.
 */
export function openFdCursor(rootFd: number, name: string): DirectoryCursor {
  const frames: Frame[] = [{ end: 0, fd: rootFd }];
  const widened = new Set<ByteString>();
  const mayLackAccess = process.geteuid?.() !== 0;
  let current = ROOT;

  const openChild = (parentFd: number, start: number, end: number): number => {
    const path = current.slice(0, end) as ByteString;
    try {
      const child = current.slice(start + 1, end) as ByteString;
      const fd = fs.openSync(below(procPath(parentFd), child), DIRECTORY_ITSELF);
      if (mayLackAccess && openToOwner(fd)) widened.add(path);
      return fd;
    } catch (error) {
      throw unwritableAt(name, path, error);
    }
  };
  const closeFrame = (frame: Frame): void => {
    if (frame.fd >= 0 && frame.fd !== rootFd) fs.closeSync(frame.fd);
    frame.fd = -1;
  };
  const push = (end: number): void => {
    const { end: start, fd } = frames[frames.length - 1]!;
    frames.push({ end, fd: openChild(fd, start, end) });
    const passed = frames.length - 1 - WINDOW;
    if (passed > 0 && passed % WINDOW !== 0) closeFrame(frames[passed]!);
  };
  /** Opens the last frame again, and those between it and the nearest open one. */
  const reopen = (): number => {
    let from = frames.length - 1;
    while (frames[from]!.fd < 0) from -= 1;
    for (let at = from + 1; at < frames.length; at += 1) {
      const { end: start, fd } = frames[at - 1]!;
      frames[at]!.fd = openChild(fd, start, frames[at]!.end);
    }
    return frames[frames.length - 1]!.fd;
  };
  return {
    widened,
    moveTo(directory) {
      const path = directory === "/" ? ROOT : directory;
      if (path !== current || frames[frames.length - 1]!.end !== path.length) {
        const shared = sharedEnd(current, path);
        while (frames[frames.length - 1]!.end > shared) closeFrame(frames.pop()!);
        current = path;
        if (frames[frames.length - 1]!.end < path.length) reopen();
        for (let end = frames[frames.length - 1]!.end; end < path.length;) {
          const slash = path.indexOf("/", end + 1);
          end = slash < 0 ? path.length : slash;
          push(end);
        }
      }
      return procPath(reopen());
    },
    close() {
      while (frames.length > 1) closeFrame(frames.pop()!);
      current = ROOT;
    },
  };
}

/** The cursor where a descriptor has no path: only for a directory that nobody else can get into. */
export function openPathCursor(root: string): DirectoryCursor {
  return {
    widened: new Set(),
    moveTo: (directory) =>
      directory === "/" ? root : below(root, directory.slice(1) as ByteString),
    close: () => undefined,
  };
}

/** Lets the owner of an open directory work in it. False when he may already. @throws the system's error */
export function openToOwner(fd: number): boolean {
  const { mode } = fs.fstatSync(fd);
  if ((mode & OWNERS) === OWNERS) return false;
  fs.chmodSync(procPath(fd), (mode & 0o7777) | OWNERS);
  return true;
}

/** Where the last component ends that two paths have in common from the start. */
function sharedEnd(a: ByteString, b: ByteString): number {
  if (isBelow(b, a)) return a.length;
  if (isBelow(a, b)) return b.length;
  let at = 0;
  let end = 0;
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) {
    if (a.charCodeAt(at) === SLASH) end = at;
    at += 1;
  }
  return end;
}

function isBelow(path: ByteString, directory: ByteString): boolean {
  return path.charCodeAt(directory.length) === SLASH && path.startsWith(directory);
}
