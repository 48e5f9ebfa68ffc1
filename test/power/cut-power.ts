// SPDX-License-Identifier: MIT
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Change, DiskLog, Inode } from "./disk-log.ts";

/** Returns a number from 0 to below 1. */
export type Random = () => number;

/** The content of a disk. */
export interface DiskState {
  readonly root: Inode;
  namesIn(directory: Inode): ReadonlyMap<string, Inode>;
  contentOf(file: Inode): Uint8Array;
}

/** The content of a disk that has lost nothing. */
export function everythingOf(log: DiskLog): DiskState {
  return stateOf(
    log,
    () => log.changes.length,
    () => false,
  );
}

/**
 * A possible content of the disk when the power goes after a change. Synced changes are there. Of the later
 * ones, chance decides for each inode separately: none, all, or those up to some moment; a file may also have
 * its new length without the bytes. So names and contents are lost independently, and so are names in
 * different directories.
 */
export function cutPower(log: DiskLog, after: number, random: Random): DiskState {
  const reached = log.inodes.map((inode) => {
    const synced = syncedUpTo(log, inode, after);
    const chance = random();
    if (chance < 0.4) return synced;
    return chance < 0.6 ? after : synced + Math.floor(random() * (after - synced + 1));
  });
  const torn = log.inodes.map(() => random() < 0.3);
  const isTorn = ({ inode, at }: Extract<Change, { readonly kind: "write" }>): boolean =>
    torn[inode.id] === true && at > syncedUpTo(log, inode, after);
  return stateOf(log, (inode) => reached[inode.id]!, isTorn);
}

function syncedUpTo({ changes }: DiskLog, inode: Inode, after: number): number {
  let synced = 0;
  for (const change of changes) {
    if (change.at > after) break;
    if (change.kind !== "sync" || change.covers < synced) continue;
    if (change.inode === "everything" || change.inode === inode) synced = change.covers;
  }
  return synced;
}

function stateOf(
  { root, changes }: DiskLog,
  reached: (inode: Inode) => number,
  isTorn: (write: Extract<Change, { readonly kind: "write" }>) => boolean,
): DiskState {
  const names = new Map<Inode, Map<string, Inode>>();
  const contents = new Map<Inode, Uint8Array>();
  for (const change of changes) {
    const { inode } = change;
    if (change.kind === "sync" || inode === "everything" || change.at > reached(inode)) continue;
    if (change.kind === "name") {
      const { after, name, to } = change;
      if (after !== undefined && after.at > reached(after.inode)) continue;
      const there = names.get(inode) ?? new Map<string, Inode>();
      names.set(inode, there);
      if (to === undefined) there.delete(name);
      else there.set(name, to);
      continue;
    }
    const before = contents.get(inode) ?? new Uint8Array();
    const [size, offset] =
      change.kind === "truncate"
        ? [change.size, 0]
        : [Math.max(before.length, change.offset + change.bytes.length), change.offset];
    const content = new Uint8Array(size);
    content.set(before.subarray(0, size));
    if (change.kind === "write" && !isTorn(change)) content.set(change.bytes, offset);
    contents.set(inode, content);
  }
  return {
    root,
    namesIn: (directory) => names.get(directory) ?? new Map(),
    contentOf: (file) => contents.get(file) ?? new Uint8Array(),
  };
}

/** Makes a directory with the content of a disk. */
export function writeState(state: DiskState, path: string, directory = state.root): void {
  mkdirSync(path);
  for (const [name, inode] of state.namesIn(directory)) {
    const place = join(path, name);
    if (inode.kind === "directory") writeState(state, place, inode);
    else if (inode.kind === "link") symlinkSync(inode.target ?? "", place);
    else writeFileSync(place, state.contentOf(inode));
  }
}
