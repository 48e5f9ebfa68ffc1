// SPDX-License-Identifier: MIT
import { lstatSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import type { ByteString } from "../../bytes/byte-string.ts";
import { below, type SystemPath } from "../../files/proc-path.ts";
import { pairTrees, uniteNames, type PathPair } from "../../rootfs/walk-filesystem.ts";
import { stampOf, type InodeStamp } from "../disk-node.ts";
import type { UnpackedDirectory } from "../sidecar/open-unpacked.ts";
import type { RecordedFilesystem } from "../sidecar/recorded-filesystem.ts";

const ROOT = "/" as ByteString;

/**
 * Pairs what was unpacked with what is there now, as `pairTrees` does, but without the paths at which nothing can have changed:
 * those of directories, links and files with one name of which the system shows everything as it was placed. What is in a
 * directory comes before what is below it. `onCompared` is called for each path with the number of paths so far.
 *
 * Places are reached by their paths here, not each from its directory's descriptor, which would double the time in the kernel.
 * If a directory is replaced by a link meanwhile, at most an inode that was placed at that very path is found behind it:
 * everything else is asked from `unpacked`, which follows no link.
 * @throws what `unpacked`, what it records, and `onCompared` throw
 */
export function* pairTouched(
  unpacked: UnpackedDirectory,
  recorded: RecordedFilesystem,
  onCompared?: (compared: number) => void,
): Generator<PathPair> {
  let compared = 0;
  const count = (): void => onCompared?.((compared += 1));
  count();
  yield [ROOT, recorded.lstat(ROOT), unpacked.lstat(ROOT)];
  const root = { number: 0, path: ROOT, place: resolve(unpacked.directory) };
  const pending: SharedDirectory[] = [root];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    yield* pairInside(next, { unpacked, recorded, pending, count });
  }
}

/** A path that may be on both sides. */
interface Place {
  readonly path: ByteString;
  /** Where the system has it. */
  readonly place: SystemPath;
  /** Its number among the recorded entries. */
  readonly number: number | undefined;
}

/** A directory that was unpacked and is there now. */
type SharedDirectory = Place & { readonly number: number };

interface Trees {
  readonly unpacked: UnpackedDirectory;
  readonly recorded: RecordedFilesystem;
  /** Directories to go through later. */
  readonly pending: SharedDirectory[];
  readonly count: () => void;
}

function* pairInside(directory: SharedDirectory, trees: Trees): Generator<PathPair> {
  const { recorded, pending, count } = trees;
  const { ends, namesIn } = recorded.entries;
  const there = listNames(directory.place);
  if (there === undefined) {
    yield* pairUnlisted(directory, trees);
    return;
  }
  const prefix = directory.path === ROOT ? ROOT : `${directory.path}/`;
  let next = directory.number + 1;
  for (const [name, isRecorded, isThere] of uniteNames(namesIn(directory.number), there)) {
    count();
    const number = isRecorded ? next : undefined;
    const place = below(directory.place, name);
    const stamp = number !== undefined && isThere ? stampAt(place) : undefined;
    if (stamp === undefined || !recorded.isPlaced(next, stamp)) {
      yield* pairAt({ path: `${prefix}${name}` as ByteString, place, number }, trees);
    } else if (stamp.type === "directory") {
      pending.push({ path: `${prefix}${name}` as ByteString, place, number: next });
    }
    if (isRecorded) next = ends[next]!;
  }
}

/** A directory that cannot be listed by its path: `unpacked` says why, or lists it nevertheless. */
function* pairUnlisted(
  { path }: SharedDirectory,
  { recorded, unpacked }: Trees,
): Generator<PathPair> {
  for (const pair of pairTrees(recorded, unpacked, path)) if (pair[0] !== path) yield pair;
}

function* pairAt(child: Place, { recorded, unpacked, pending }: Trees): Generator<PathPair> {
  const { path, place, number } = child;
  const [node, now] = [recorded.lstat(path), unpacked.lstat(path)];
  if (node?.type === "directory" && now?.type === "directory") {
    yield [path, node, now];
    pending.push({ path, place, number: number! });
  } else if (node !== undefined || now !== undefined) {
    // What is below a directory that only one side has.
    yield* pairTrees(recorded, unpacked, path);
  }
}

function listNames(directory: SystemPath): readonly ByteString[] | undefined {
  try {
    return (readdirSync(directory, { encoding: "latin1" }) as ByteString[]).sort();
  } catch {
    return undefined;
  }
}

/** What the system shows; undefined for a file with several names, whose other names count too, or if it shows nothing. */
function stampAt(place: SystemPath): InodeStamp | undefined {
  try {
    const stat = lstatSync(place, { bigint: true });
    return stat.nlink === 1n || stat.isDirectory() ? stampOf(stat) : undefined;
  } catch {
    return undefined;
  }
}
