// SPDX-License-Identifier: MIT
import child from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { promisify } from "node:util";

// Replaces every function of node:fs by which this project changes a disk, so that a witness is told of each
// call once it is done. This file must be loaded before any module that imports these functions by name.

/** A path inside the watched directory, with all links resolved. */
export type Place = string;

/** Receives the calls. */
export interface Witness {
  /** Returns undefined for a path that is not watched. */
  locate(path: fs.PathLike): Place | undefined;
  exists(place: Place): boolean;
  /** `appends`: what is written goes to the end of the file, wherever that is. */
  opened(
    place: Place,
    fd: number,
    how: { wasThere: boolean; truncated: boolean; appends: boolean },
  ): void;
  closed(fd: number): void;
  /** The position is null for a write at the descriptor's own position. */
  written(fd: number, bytes: Uint8Array, position: number | null): void;
  truncated(fd: number, size: number): void;
  /** A directory, link or empty file was made. */
  made(place: Place): void;
  /** A file was written completely by one call. */
  filled(place: Place, wasThere: boolean): void;
  linked(place: Place): void;
  renamed(from: Place, to: Place): void;
  /** The content of a directory comes before the directory itself. */
  removed(places: readonly Place[]): void;
  moment(): number;
  /** A descriptor, a place, or (undefined) everything was synced. */
  synced(what: number | Place | undefined, covers: number): void;
}

/** The original functions of Node. */
export const actual = { ...fs, realpathSync: fs.realpathSync };

let witness: Witness | undefined;
let inside = 0;

export function setWitness(next: Witness | undefined): void {
  witness = next;
}

type Call<A extends unknown[], R> = (...args: A) => R;

/** Reports a call. Calls that Node makes inside it are a part of it and are not reported. */
function watch<A extends unknown[], R>(
  real: Call<A, R>,
  tell: (witness: Witness, args: A, call: () => R) => R,
): Call<A, R> {
  return (...args) => {
    const told = witness;
    if (told === undefined || inside > 0) return real(...args);
    inside += 1;
    try {
      return tell(told, args, () => real(...args));
    } finally {
      inside -= 1;
    }
  };
}

/** Watches a call that makes or removes the file at a path, and reports it once it is done. */
function at<A extends [fs.PathLike, ...unknown[]], R>(
  real: Call<A, R>,
  tell: (witness: Witness, place: Place, wasThere: boolean, args: A, result: R) => void,
): Call<A, R> {
  return watch(real, (told, args, call) => {
    const place = told.locate(args[0]);
    const wasThere = place !== undefined && told.exists(place);
    const result = call();
    if (place !== undefined) tell(told, place, wasThere, args, result);
    return result;
  });
}

/** All places at and below this one. The content of a directory comes before the directory. */
function placesBelow(place: Place): Place[] {
  const stats = actual.lstatSync(place, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  const inside = stats.isDirectory()
    ? actual.readdirSync(place).flatMap((name) => placesBelow(`${place}/${name}`))
    : [];
  return [...inside, place];
}

function removing<A extends [fs.PathLike, ...unknown[]]>(real: Call<A, void>): Call<A, void> {
  return watch(real, (told, args, call) => {
    const place = told.locate(args[0]);
    const places = place === undefined ? [] : placesBelow(place);
    call();
    told.removed(places.filter((path) => !told.exists(path)));
  });
}

function truncates(flags: unknown): boolean {
  if (typeof flags === "number") return (flags & fs.constants.O_TRUNC) !== 0;
  return typeof flags === "string" && flags.startsWith("w");
}

function appends(flags: unknown): boolean {
  if (typeof flags === "number") return (flags & fs.constants.O_APPEND) !== 0;
  return typeof flags === "string" && flags.startsWith("a");
}

function pair(
  told: Witness,
  from: fs.PathLike,
  to: fs.PathLike,
): readonly [Place, Place] | undefined {
  const [one, other] = [told.locate(from), told.locate(to)];
  if (one === undefined && other === undefined) return undefined;
  if (one === undefined || other === undefined) throw new Error("a name went over the edge");
  return [one, other];
}

function bytesOf(data: unknown, count: number, offset: unknown): Uint8Array {
  const bytes = typeof data === "string" ? Buffer.from(data) : (data as Uint8Array);
  const start = typeof data !== "string" && typeof offset === "number" ? offset : 0;
  return bytes.subarray(start, start + count);
}

function isFlushed(options: unknown): boolean {
  return (
    typeof options === "object" && options !== null && "flush" in options && options.flush === true
  );
}

const replaced = {
  openSync: at(
    fs.openSync as Call<[fs.PathLike, unknown?, unknown?], number>,
    (told, place, wasThere, args, fd) => {
      const how = { wasThere, truncated: truncates(args[1]), appends: appends(args[1]) };
      told.opened(place, fd, how);
    },
  ),
  closeSync: watch(fs.closeSync, (told, [fd], call) => {
    call();
    told.closed(fd);
  }),
  writeSync: watch(
    fs.writeSync as Call<[number, unknown, unknown?, unknown?, unknown?], number>,
    (told, [fd, data, offset, , position], call) => {
      const count = call();
      told.written(
        fd,
        bytesOf(data, count, offset),
        typeof position === "number" ? position : null,
      );
      return count;
    },
  ),
  ftruncateSync: watch(fs.ftruncateSync, (told, [fd, size], call) => {
    call();
    told.truncated(fd, size ?? 0);
  }),
  fsyncSync: watch(fs.fsyncSync, (told, [fd], call) => {
    call();
    told.synced(fd, told.moment());
  }),
  writeFileSync: at(
    fs.writeFileSync as Call<[fs.PathLike, unknown, unknown?], void>,
    (told, place, wasThere, args) => {
      told.filled(place, wasThere);
      if (isFlushed(args[2])) told.synced(place, told.moment());
    },
  ),
  copyFileSync: watch(fs.copyFileSync, (told, args, call) => {
    const place = told.locate(args[1]);
    const wasThere = place !== undefined && told.exists(place);
    call();
    if (place !== undefined) told.filled(place, wasThere);
  }),
  mkdirSync: at(fs.mkdirSync as Call<[fs.PathLike, unknown?], string | undefined>, (told, place) =>
    told.made(place),
  ),
  symlinkSync: watch(fs.symlinkSync, (told, args, call) => {
    const place = told.locate(args[1]);
    call();
    if (place !== undefined) told.made(place);
  }),
  linkSync: watch(fs.linkSync, (told, args, call) => {
    const places = pair(told, args[0], args[1]);
    call();
    if (places !== undefined) told.linked(places[1]);
  }),
  renameSync: watch(fs.renameSync, (told, args, call) => {
    const places = pair(told, args[0], args[1]);
    call();
    if (places !== undefined) told.renamed(...places);
  }),
  unlinkSync: removing(fs.unlinkSync),
  rmdirSync: removing(fs.rmdirSync as Call<[fs.PathLike, unknown?], void>),
  rmSync: removing(fs.rmSync),
};

function fsync(fd: number, done: (error: NodeJS.ErrnoException | null) => void): void {
  const told = witness;
  const covers = told?.moment() ?? 0;
  actual.fsync(fd, (error) => {
    if (error === null) told?.synced(fd, covers);
    done(error);
  });
}

async function open(path: fs.PathLike, flags?: string | number): Promise<fs.promises.FileHandle> {
  const told = witness;
  const place = told?.locate(path);
  const handle = await promises.open(path, flags);
  if (told === undefined || place === undefined) return handle;
  if (flags !== "r") throw new Error("only reading is watched here");
  const sync = handle.sync.bind(handle);
  handle.sync = async () => {
    const covers = told.moment();
    await sync();
    told.synced(place, covers);
  };
  return handle;
}

/**
 * Makes a promise version of a synchronous call. Running it synchronously makes no difference to these tests.
 */
const later =
  <A extends unknown[], R>(call: Call<A, R>): Call<A, Promise<R>> =>
  (...args) =>
    Promise.resolve().then(() => call(...args));

const promises = { ...fs.promises };
const execFile = promisify(child.execFile);

/** Reports `sync -f`, the only program that is run to change a disk. */
async function runFile(
  file: string,
  args: readonly string[],
  options: child.ExecFileOptions,
): Promise<unknown> {
  const told = witness;
  const covers = told?.moment() ?? 0;
  const result = await execFile(file, args, options);
  if (file === "sync") told?.synced(undefined, covers);
  return result;
}

Object.assign(fs, replaced, { fsync });
Object.assign(fs.promises, {
  open,
  writeFile: later(fs.writeFileSync),
  rename: later(fs.renameSync),
  rm: later(fs.rmSync),
});
const { execFile: start } = child;
child.execFile = Object.assign((...args: Parameters<typeof start>) => start(...args), {
  [promisify.custom]: runFile,
}) as unknown as typeof start;
syncBuiltinESMExports();
