// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { joinPath, type SizedEntry } from "../look/sized-tree.ts";

/** A path that takes more or less in the second of two trees. */
export interface SizeChange {
  readonly path: ByteString;
  readonly kind: "new" | "gone" | "grew" | "shrank";
  readonly isDirectory: boolean;
  /** Bytes in the first tree, and in the second; 0 where it is absent. */
  readonly before: number;
  readonly after: number;
  /** Names that came or went with it, itself included. */
  readonly entries: number;
}

export interface SizeChanges {
  /** The largest differences first. A directory that is new or gone is one change with all below it. */
  readonly largest: readonly SizeChange[];
  /** How many there are of each kind, also of those that are not among the largest. */
  readonly counts: Readonly<Record<SizeChange["kind"], number>>;
  /** Bytes that came by new and grown paths, and that went by the others. */
  readonly added: number;
  readonly removed: number;
}

const MOST = 200;

/** What takes more or less in `other` than in `one`. A file that differs and has its old size is no change of size. */
export function compareSizes(one: SizedEntry, other: SizedEntry): SizeChanges {
  const changes: SizeChange[] = [];
  const counts = { new: 0, gone: 0, grew: 0, shrank: 0 };
  const sums = { added: 0, removed: 0 };
  for (const change of changesBetween(one, other)) {
    const grown = change.after - change.before;
    counts[change.kind] += 1;
    sums[grown > 0 ? "added" : "removed"] += Math.abs(grown);
    changes.push(change);
    // Now and then, so that memory does not grow with what differs.
    if (changes.length >= 8 * MOST) keepLargest(changes);
  }
  keepLargest(changes);
  return { largest: changes, counts, ...sums };
}

type Pair = readonly [path: ByteString, one: SizedEntry | undefined, other: SizedEntry | undefined];

function* changesBetween(one: SizedEntry, other: SizedEntry): Generator<SizeChange> {
  const pending: Pair[] = [["/" as ByteString, one, other]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [path, before, after] = next;
    if (before?.isDirectory === true && after?.isDirectory === true) {
      for (const name of new Set([...before.children.keys(), ...after.children.keys()])) {
        pending.push([joinPath(path, name), before.children.get(name), after.children.get(name)]);
      }
    } else {
      const change = changeOf(next);
      if (change !== undefined) yield change;
    }
  }
}

function changeOf([path, one, other]: Pair): SizeChange | undefined {
  const [before, after] = [one?.bytes ?? 0, other?.bytes ?? 0];
  const some = other ?? one!;
  const facts = { path, isDirectory: some.isDirectory, before, after, entries: some.entries };
  if (one === undefined) return { ...facts, kind: "new" };
  if (other === undefined) return { ...facts, kind: "gone" };
  if (before === after) return undefined;
  return { ...facts, kind: after > before ? "grew" : "shrank" };
}

function keepLargest(changes: SizeChange[]): void {
  const by = ({ before, after }: SizeChange): number => Math.abs(after - before);
  changes.sort((one, other) => by(other) - by(one) || (one.path < other.path ? -1 : 1));
  changes.length = Math.min(changes.length, MOST);
}
