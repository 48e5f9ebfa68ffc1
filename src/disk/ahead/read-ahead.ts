// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { createRequire } from "node:module";
import type { ByteString } from "../../bytes/byte-string.ts";
import { startWorker } from "../../bytes/start-worker.ts";
import { digestOf, type Digest } from "../../oci/digest.ts";
import { comparePaths } from "../../rootfs/walk-filesystem.ts";
import { below, O_PATH, type SystemPath } from "../../files/proc-path.ts";
import { typeOf, type InodeFacts } from "../disk-node.ts";
import { PROTOCOL, scanTree, type ScannedDirectory, type ScanOrder } from "./scan-tree.ts";

const { ROOM, STOP, UNKNOWN, NO_ATTRIBUTES, NUMBERS, IDS, TIMES } = PROTOCOL;

/** An entry of a directory that was read ahead. */
export interface ScannedInode {
  readonly facts: InodeFacts;
  /** The same for every name of one inode. */
  readonly key: string;
  readonly hasNoXattrs: boolean;
  /** Set only for a file whose content was read. */
  readonly digest: Digest | undefined;
}

/** A directory that was read ahead. */
export interface AheadDirectory {
  readonly path: ByteString;
  /** Sorted by their bytes. */
  readonly names: readonly ByteString[];
  /** Undefined when the system has to be asked instead. Fastest when asked in the order of the names. */
  inode(name: ByteString): ScannedInode | undefined;
}

/**
 * Reads the inodes of a whole tree in a thread of its own, a little before they are needed. It only saves
 * time: whatever it has not read, the caller reads from the disk.
 */
export interface ReadAhead {
  /** A promise that settles when the directory was read ahead or will not be; undefined when that is known already. */
  prepare(directory: ByteString): Promise<void> | undefined;
  /** What was read of a directory. Each can be taken once, in the order of `comparePaths`. */
  take(directory: ByteString): AheadDirectory | undefined;
  /** Ends the thread. Idempotent. */
  close(): void;
}

/** Directories smaller than this are not worth a thread: before it reports anything, 1500 to 4000 paths could have been read. */
export const WORTH_A_THREAD = 2000;

/** How many entries are kept until they are taken. */
const MOST_KEPT = 4096;
/** In bytes. Larger files are better hashed by several threads. */
const SMALL = 64 * 1024;

export interface ReadAheadOptions {
  /** The file of the module with the calls for extended attributes; without it attributes are not read. */
  readonly addon: string | undefined;
  /** Whether to read the contents of small files too. */
  readonly contents: boolean;
}

/** Starts to read a tree ahead. The caller closes it. @throws the system's error */
export function startReadAhead(root: SystemPath, { addon, contents }: ReadAheadOptions): ReadAhead {
  const fd = fs.openSync(below(root, "." as ByteString), O_PATH | fs.constants.O_DIRECTORY);
  const gate = new Int32Array(new SharedArrayBuffer(8));
  gate[ROOM] = MOST_KEPT;
  const order: ScanOrder = {
    root: fd,
    addon: addon && resolveAddon(addon),
    contents: contents ? SMALL : 0,
    gate,
    protocol: PROTOCOL,
    pathOnly: O_PATH,
  };
  const worker = startWorker(scanTree, order);
  const queue: ScannedDirectory[] = [];
  let hasEnded = false;
  let wake: (() => void) | undefined;
  worker.on("message", (batch: ScannedDirectory[]) => {
    queue.push(...batch);
    wake?.();
  });
  // A thread that fails has only read less than it could have.
  worker.on("error", () => undefined);
  worker.once("exit", () => {
    fs.closeSync(fd);
    hasEnded = true;
    wake?.();
  });
  const drop = (): void => {
    Atomics.add(gate, ROOM, queue.shift()!.names.length + 1);
    Atomics.notify(gate, ROOM);
  };
  const find = (path: ByteString): ScannedDirectory | "later" | undefined => {
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      if (first.path === path) return first;
      if (comparePaths(first.path as ByteString, path) > 0) return undefined;
      drop();
    }
    return hasEnded ? undefined : "later";
  };
  const waitFor = async (path: ByteString): Promise<void> => {
    while (find(path) === "later") await new Promise<void>((resolve) => (wake = resolve));
  };
  return {
    prepare: (path) => (find(path) === "later" ? waitFor(path) : undefined),
    take(path) {
      const found = find(path);
      if (found === undefined || found === "later") return undefined;
      drop();
      return viewDirectory(found);
    },
    close() {
      Atomics.store(gate, STOP, 1);
      // Changes the value, so that a thread about to wait for room does not go to sleep.
      Atomics.add(gate, ROOM, 1);
      Atomics.notify(gate, ROOM);
    },
  };
}

function resolveAddon(name: string): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch {
    return undefined;
  }
}

function viewDirectory(scanned: ScannedDirectory): AheadDirectory {
  const names = scanned.names as readonly ByteString[];
  let next = 0;
  return {
    path: scanned.path as ByteString,
    names,
    inode(name) {
      const at = names[next] === name ? next : names.indexOf(name);
      if (at < 0) return undefined;
      next = at + 1;
      return inodeAt(scanned, at);
    },
  };
}

function inodeAt(
  { targets, digests, known, numbers, ids, times }: ScannedDirectory,
  at: number,
): ScannedInode | undefined {
  if (known[at] === UNKNOWN) return undefined;
  const [number, id, time] = [at * NUMBERS, at * IDS, at * TIMES];
  const mode = numbers[number]!;
  const ino = ids[id + 1]!;
  const stamp = {
    type: typeOf(mode),
    mode: mode & 0o7777,
    uid: numbers[number + 2]!,
    gid: numbers[number + 3]!,
    size: numbers[number + 4]!,
    mtimeNs: times[time]!,
    ctimeNs: times[time + 1]!,
    ino,
    birthtimeNs: times[time + 2]!,
  };
  const linkCount = numbers[number + 1]!;
  const linkTarget = targets[at] as ByteString;
  const facts = { stamp, linkCount, linkTarget, rdev: ids[id + 2]! };
  const key = `${ids[id]!}:${ino}`;
  const hex = digests[at]!;
  const digest = hex === "" ? undefined : digestOf("sha256", hex);
  return { facts, key, hasNoXattrs: known[at] === NO_ATTRIBUTES, digest };
}
