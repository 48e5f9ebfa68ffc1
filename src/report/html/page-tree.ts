// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import { walkSized, type SizedEntry } from "../look/sized-tree.ts";
import type { PageEntry } from "./page-data.ts";

/** So many files and directories of an image are in its page. The rest is summed up in its directories. */
export const MOST_ENTRIES = 5000;
/** Longer names are cut: a page of names of 255 bytes would be a page of names. */
const LONGEST_NAME = 120;

/** The largest entries of a tree, for the page. */
export interface PageTree {
  readonly top: PageEntry;
  /** How many entries are only in a sum. */
  readonly summed: number;
}

/**
 * Takes the largest files and directories of a tree; what is left out of a directory becomes one entry without
 * a name, with the sum of its bytes and names. `other` is the tree of the image beside it.
 */
export function cutTree(tree: SizedEntry, other: SizedEntry | undefined): PageTree {
  const kept = chooseLargest(tree);
  const cut = (entry: SizedEntry, beside: SizedEntry | undefined): PageEntry => {
    const { bytes, entries, layer = -1, children } = entry;
    const there = other === undefined ? undefined : (beside?.bytes ?? -1);
    const head = [nameOf(entry), bytes, entries, layer] as const;
    if (children.size === 0) return there === undefined ? head : [...head, there];
    const shown = [...children.values()].filter((child) => kept.has(child));
    shown.sort((a, b) => b.bytes - a.bytes);
    const below = shown.map((child) => cut(child, beside?.children.get(child.name)));
    const rest = sumRest(entry, shown);
    return [...head, there, rest === undefined ? below : [...below, rest]];
  };
  return { top: cut(tree, other), summed: tree.entries - kept.size };
}

/** Parents are never smaller than what is in them, and come first. */
function chooseLargest(tree: SizedEntry): ReadonlySet<SizedEntry> {
  const all: { readonly entry: SizedEntry; readonly depth: number }[] = [];
  for (const [path, entry] of walkSized(tree)) {
    all.push({ entry, depth: path === "/" ? 0 : path.split("/").length });
  }
  all.sort((one, other) => other.entry.bytes - one.entry.bytes || one.depth - other.depth);
  return new Set(all.slice(0, MOST_ENTRIES).map(({ entry }) => entry));
}

function sumRest(entry: SizedEntry, shown: readonly SizedEntry[]): PageEntry | undefined {
  const hidden = entry.children.size - shown.length;
  if (hidden === 0) return undefined;
  const bytes = shown.reduce((sum, child) => sum - child.bytes, entry.bytes);
  const entries = shown.reduce((sum, child) => sum - child.entries, entry.entries - 1);
  return ["", Math.max(0, bytes), entries, -1];
}

function nameOf({ name }: SizedEntry): string {
  const text = toText(name);
  return text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME)}…` : text;
}
