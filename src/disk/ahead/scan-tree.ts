// SPDX-License-Identifier: MIT
import type * as Crypto from "node:crypto";
import type * as FileSystem from "node:fs";
import type { WorkerContext } from "../../bytes/start-worker.ts";
import type { XattrCalls } from "../xattrs/xattr-calls.ts";

/** What the thread of {@link scanTree} gets at its start. */
export interface ScanOrder {
  /** The root's open file descriptor. The thread's creator closes it once the thread has ended. */
  readonly root: number;
  /** The file of the module with the calls for extended attributes; without it attributes are not read. */
  readonly addon: string | undefined;
  /** Files of up to this many bytes are also read and hashed; 0 for none. */
  readonly contents: number;
  /** Shared memory. `ROOM`: how many more entries may be sent before the thread waits. `STOP`: not 0 when the thread must end. */
  readonly gate: Int32Array;
  readonly protocol: typeof PROTOCOL;
  /** The value of `O_PATH`. */
  readonly pathOnly: number;
}

/** The constants that both threads use. */
export const PROTOCOL = {
  /** Positions in the gate. */
  ROOM: 0,
  STOP: 1,
  /** What is known of an entry: nothing, so that the system has to be asked; its inode; its inode, and that it has no attributes. */
  UNKNOWN: 0,
  INODE: 1,
  NO_ATTRIBUTES: 2,
  /** How many numbers each entry has: mode, link count, uid, gid, size. */
  NUMBERS: 5,
  /** How many ids each entry has: its device, its inode, and the device that it represents. */
  IDS: 3,
  /** How many times each entry has, in nanoseconds: of modification, of change, of birth. */
  TIMES: 3,
} as const;

/** One directory: its entries sorted by the bytes of their names, in columns. Strings are byte strings. */
export interface ScannedDirectory {
  readonly path: string;
  readonly names: readonly string[];
  /** The targets of links; empty for other types. */
  readonly targets: readonly string[];
  /** The sha256 as hex of files whose content was read; empty for the others. */
  readonly digests: readonly string[];
  readonly known: Uint8Array;
  readonly numbers: Float64Array;
  readonly ids: BigUint64Array;
  readonly times: BigInt64Array;
}

/**
 * Runs in a thread, and sends every directory below a root in the order in which `pairTrees` asks for them:
 * each before its subdirectories, and those in the order of their names. A directory that cannot be read or
 * lies too deep is left out with everything below it. Every directory is opened relative to its parent, and
 * no link is followed. (The function is passed to its thread as text, so it can use only its parameters.)
 */
export function scanTree({ require, port, data }: WorkerContext): void {
  const fs = require("node:fs") as typeof FileSystem;
  const crypto = require("node:crypto") as typeof Crypto;
  const { root, addon, contents, gate, protocol, pathOnly } = data as ScanOrder;
  const { ROOM, STOP, UNKNOWN, INODE, NO_ATTRIBUTES, NUMBERS, IDS, TIMES } = protocol;
  const calls = addon === undefined ? undefined : (require(addon) as XattrCalls);
  const DIRECTORY_ONLY = pathOnly | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW;
  const READ_ONLY = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;
  const [MOST_DEPTH, BATCH] = [200, 256];
  const content = new Uint8Array(contents + 1);
  // Digests of files with several names, by device and inode.
  const hashed = new Map<string, string>();
  let batch: ScannedDirectory[] = [];
  let gathered = 0;

  const below = (directory: string, name: string): string | Buffer =>
    /[^\0-\x7f]/.test(name)
      ? Buffer.from(`${directory}/${name}`, "latin1")
      : `${directory}/${name}`;
  const hasNoAttributes = (place: string | Buffer): boolean => {
    try {
      return typeof place === "string" && calls?.listAttributesSync(place).length === 0;
    } catch {
      return false;
    }
  };
  /** The digest of a regular file; empty when it is no longer a file, or has another size. */
  const hash = (place: string | Buffer, size: number): string => {
    const fd = fs.openSync(place, READ_ONLY);
    try {
      if (!fs.fstatSync(fd).isFile()) return "";
      const count = fs.readSync(fd, content);
      return count === size ? crypto.hash("sha256", content.subarray(0, count), "hex") : "";
    } finally {
      fs.closeSync(fd);
    }
  };
  const digestOf = (place: string | Buffer, stat: FileSystem.BigIntStats): string => {
    if (!stat.isFile() || stat.size === 0n || stat.size > contents) return "";
    const key = stat.nlink > 1n ? `${stat.dev}:${stat.ino}` : "";
    const known = key === "" ? undefined : hashed.get(key);
    if (known !== undefined) return known;
    try {
      const digest = hash(place, Number(stat.size));
      if (key !== "") hashed.set(key, digest);
      return digest;
    } catch {
      return "";
    }
  };
  const send = (): void => {
    if (batch.length > 0) port.postMessage(batch);
    [batch, gathered] = [[], 0];
  };
  const waitForRoom = (): boolean => {
    for (let room = 0; (room = Atomics.load(gate, ROOM)) <= 0 && Atomics.load(gate, STOP) === 0;) {
      send();
      Atomics.wait(gate, ROOM, room);
    }
    return Atomics.load(gate, STOP) === 0;
  };
  const readDirectory = (base: string, path: string): ScannedDirectory => {
    const names = fs.readdirSync(`${base}/.`, { encoding: "latin1" }).sort();
    const targets = names.map(() => "");
    const digests = names.map(() => "");
    const known = new Uint8Array(names.length);
    const numbers = new Float64Array(names.length * NUMBERS);
    const ids = new BigUint64Array(names.length * IDS);
    const times = new BigInt64Array(names.length * TIMES);
    for (const [at, name] of names.entries()) {
      const place = below(base, name);
      try {
        const stat = fs.lstatSync(place, { bigint: true });
        if (stat.isSymbolicLink()) targets[at] = fs.readlinkSync(place, { encoding: "latin1" });
        const { mode, nlink, uid, gid, size } = stat;
        numbers.set(
          [Number(mode), Number(nlink), Number(uid), Number(gid), Number(size)],
          at * NUMBERS,
        );
        ids.set([stat.dev, stat.ino, stat.rdev], at * IDS);
        times.set([stat.mtimeNs, stat.ctimeNs, stat.birthtimeNs], at * TIMES);
        digests[at] = digestOf(place, stat);
        known[at] = hasNoAttributes(place) ? NO_ATTRIBUTES : INODE;
      } catch {
        known[at] = UNKNOWN;
      }
    }
    return { path, names, targets, digests, known, numbers, ids, times };
  };
  const scan = (fd: number, path: string, depth: number): void => {
    if (!waitForRoom()) return;
    const base = `/proc/self/fd/${fd}`;
    const found = readDirectory(base, path);
    batch.push(found);
    gathered += found.names.length + 1;
    Atomics.sub(gate, ROOM, found.names.length + 1);
    if (gathered >= BATCH) send();
    for (const [at, name] of found.names.entries()) {
      const isDirectory =
        found.known[at] !== UNKNOWN &&
        (found.numbers[at * NUMBERS]! & fs.constants.S_IFMT) === fs.constants.S_IFDIR;
      if (isDirectory && depth < MOST_DEPTH) {
        enter(below(base, name), `${path === "/" ? "" : path}/${name}`, depth + 1);
      }
    }
  };
  const enter = (place: string | Buffer, path: string, depth: number): void => {
    let fd: number;
    try {
      fd = fs.openSync(place, DIRECTORY_ONLY);
    } catch {
      return;
    }
    try {
      scan(fd, path, depth);
    } catch (error) {
      // A directory that cannot be listed is left to the caller, who asks the disk. Other errors are faults of this code.
      if (!(error instanceof Error && "syscall" in error)) throw error;
    } finally {
      fs.closeSync(fd);
    }
  };
  enter(`/proc/self/fd/${root}/.`, "/", 0);
  send();
  port.close();
}
