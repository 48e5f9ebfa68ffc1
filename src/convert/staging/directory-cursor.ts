// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import type { ByteString } from "../../bytes/byte-string.ts";
import { below, procPath, O_PATH, type SystemPath } from "../../files/proc-path.ts";
import { unwritableAt } from "./unwritable-at.ts";

/** Moves from directory to directory below an open root, without following any link. */
export interface DirectoryCursor {
  /**
   * A path on this machine for a directory of the root (normalised; `/` is the root itself). {@link below}
   * appends names to it. Valid until the next call.
   * @throws OciError `unwritable` if there is no such directory or a link is in the way
   */
  moveTo(directory: ByteString): SystemPath;
  /**
   * Directories that had to be opened to their owner, who is not root, so that it could work in them. Their
   * mode must be restored.
   */
  readonly widened: ReadonlySet<ByteString>;
  /** Closes what the cursor opened; the root stays open. Idempotent. */
  close(): void;
}

/** Opens a directory itself: fails if a link or another kind of file is in its place. */
export const DIRECTORY_ITSELF = O_PATH | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW;
/** How many directories above the current one stay open, and the distance between those that stay open further up. */
const WINDOW = 128;
const OWNERS = 0o700;
const SLASH = 0x2f;
const ROOT = "" as ByteString;

/**
 * A directory on the way to the current one: the length of its path as a prefix of that one's. `fd` is -1
 * if closed.
 */
interface Frame {
  readonly end: number;
  fd: number;
}

/**
 * Opens each path component by itself, relative to the one before. Only some directories on the way stay
 * open: the nearest ones, and further up one in every {@link WINDOW}. From those, the others in a deep tree
 * can be reached again in few steps.
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

/** The cursor for machines where a file descriptor has no path. Only for a directory that nobody else can enter. */
export function openPathCursor(root: string): DirectoryCursor {
  return {
    widened: new Set(),
    moveTo: (directory) =>
      directory === "/" ? root : below(root, directory.slice(1) as ByteString),
    close: () => undefined,
  };
}

/**
 * Gives the owner of an open directory the right to work in it. False if it already has that right. @throws
 * the system's error
 */
export function openToOwner(fd: number): boolean {
  const { mode } = fs.fstatSync(fd);
  if ((mode & OWNERS) === OWNERS) return false;
  fs.chmodSync(procPath(fd), (mode & 0o7777) | OWNERS);
  return true;
}

/** The length of the longest common prefix of two paths that ends at a component boundary. */
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
