// SPDX-License-Identifier: MIT
import type fs from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  createDiskLog,
  type DiskLog,
  type Inode,
  type NameChange,
  type OpenDiskLog,
} from "./disk-log.ts";
import { actual, setWitness, type Place, type Witness } from "./watch-system-calls.ts";

/** A directory whose changes are recorded. */
export interface RecordedDisk {
  readonly directory: string;
  readonly log: DiskLog;
  /** The number of the last change. */
  now(): number;
  /** Stops recording. */
  stop(): void;
}

/**
 * Records all changes in an empty directory from now on. Only one directory at a time; the calls have to be
 * watched.
 */
export function recordDisk(directory: string): RecordedDisk {
  const root = actual.realpathSync.native(directory);
  const log = createDiskLog();
  setWitness(createWitness(root, log));
  return { directory: root, log, now: () => log.now(), stop: () => setWitness(undefined) };
}

interface OpenFile {
  readonly inode: Inode;
  position: number;
}

function createWitness(root: string, log: OpenDiskLog): Witness {
  const known = new Map<string, Inode>([
    [keyOf(actual.lstatSync(root, { bigint: true })), log.root],
  ]);
  const open = new Map<number, OpenFile>();

  const find = (stats: fs.BigIntStats | undefined, what: string): Inode | undefined => {
    if (stats === undefined) return undefined;
    const inode = known.get(keyOf(stats));
    if (inode === undefined) throw new Error(`the recorder has not seen ${what} being made`);
    return inode;
  };
  const at = (path: string): Inode | undefined =>
    find(actual.lstatSync(path, { bigint: true, throwIfNoEntry: false }), path);
  const name = (place: Place, to: Inode | undefined, after?: NameChange): NameChange => {
    const inode = at(dirname(place))!;
    return log.add({ kind: "name", inode, name: basename(place), to, after }) as NameChange;
  };
  const made = (place: Place): Inode => {
    const stats = actual.lstatSync(place, { bigint: true });
    const kind = stats.isDirectory() ? "directory" : stats.isSymbolicLink() ? "link" : "file";
    const inode = log.make(kind, kind === "link" ? actual.readlinkSync(place) : undefined);
    known.set(keyOf(stats), inode);
    name(place, inode);
    return inode;
  };
  return {
    locate(path) {
      const text = path.toString();
      const last = basename(text);
      const isItself = last === "." || /^\/proc\/self\/fd\/\d+$/.test(text);
      try {
        const { native } = actual.realpathSync;
        const place = isItself ? native(text) : join(native(dirname(text)), last);
        return place === root || place.startsWith(`${root}/`) ? place : undefined;
      } catch {
        return undefined;
      }
    },
    exists: (place) => actual.lstatSync(place, { throwIfNoEntry: false }) !== undefined,
    opened(place, fd, { wasThere, truncated, appends }) {
      const stats = actual.fstatSync(fd, { bigint: true });
      const inode = wasThere ? find(stats, place) : made(place);
      if (inode === undefined) return;
      if (wasThere && truncated) log.add({ kind: "truncate", inode, size: 0 });
      open.set(fd, { inode, position: appends ? Number(stats.size) : 0 });
    },
    closed: (fd) => void open.delete(fd),
    written(fd, bytes, position) {
      const file = open.get(fd);
      if (file === undefined) return;
      const offset = position ?? file.position;
      log.add({ kind: "write", inode: file.inode, offset, bytes: Uint8Array.from(bytes) });
      if (position === null) file.position += bytes.length;
    },
    truncated(fd, size) {
      const file = open.get(fd);
      if (file !== undefined) log.add({ kind: "truncate", inode: file.inode, size });
    },
    made: (place) => void made(place),
    filled(place, wasThere) {
      const inode = wasThere ? at(place)! : made(place);
      if (wasThere) log.add({ kind: "truncate", inode, size: 0 });
      log.add({ kind: "write", inode, offset: 0, bytes: actual.readFileSync(place) });
    },
    linked: (place) => void name(place, at(place)),
    renamed(from, to) {
      const added = name(to, at(to));
      name(from, undefined, added);
    },
    removed: (places) => {
      for (const place of places) {
        const directory = known.get(keyOfPath(dirname(place)) ?? "");
        if (directory === undefined) continue; // Its directory is already gone.
        log.add({ kind: "name", inode: directory, name: basename(place), to: undefined });
      }
    },
    moment: () => log.now(),
    synced(what, covers) {
      const inode =
        what === undefined
          ? "everything"
          : typeof what === "number"
            ? open.get(what)?.inode
            : at(what);
      if (inode !== undefined) log.add({ kind: "sync", inode, covers });
    },
  };
}

function keyOf({ dev, ino }: fs.BigIntStats): string {
  return `${dev}:${ino}`;
}

function keyOfPath(path: string): string | undefined {
  const stats = actual.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && keyOf(stats);
}
