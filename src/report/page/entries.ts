// SPDX-License-Identifier: MIT
import { formatBytes } from "../../bytes/format-bytes.ts";
import type { PageEntry } from "../html/page-data.ts";

/** The fields of an entry by name. */
export interface Entry {
  readonly name: string;
  readonly bytes: number;
  readonly entries: number;
  readonly layer: number;
  readonly other: number | undefined;
  readonly children: readonly PageEntry[];
  /** Whether it stands for what is too small to be in the page. */
  readonly isRest: boolean;
}

/** Reads an entry of the page's data. */
export function readEntry(entry: PageEntry): Entry {
  const [name, bytes, entries, layer, other, children = []] = entry;
  // JSON has no undefined
  return { name, bytes, entries, layer, other: other ?? undefined, children, isRest: name === "" };
}

/** What to call an entry. */
export function titleOf({ name, entries, isRest }: Entry): string {
  return isRest ? `${formatCount(entries)} smaller` : name;
}

/** What is known of an entry, in one line. */
export function describeEntry(entry: Entry, whole: number, side: Side | undefined): string {
  const { bytes, entries, layer, isRest } = entry;
  const share = whole > 0 ? `, ${((100 * bytes) / whole).toFixed(1)} %` : "";
  return [
    `${isRest ? `${formatCount(entries)} smaller entries` : entry.name}: ${formatBytes(bytes)}${share}`,
    ...(entries > 1 && !isRest ? [`${formatCount(entries)} entries`] : []),
    ...(layer >= 0
      ? [`${entry.children.length > 0 ? "most of it from layer" : "layer"} ${layer}`]
      : []),
    ...(side === undefined ? [] : [describeChange(entry, side)]),
  ].join(" · ");
}

/** Which of two images an entry is from. */
export type Side = "one" | "other";
export type Change = "new" | "gone" | "grew" | "shrank" | "same";

/** How an entry's bytes changed from the first image to the second. */
export function changeOf({ bytes, other }: Entry, side: Side): Change {
  if (other === undefined) return "same";
  if (other < 0) return side === "one" ? "gone" : "new";
  const grown = side === "one" ? other - bytes : bytes - other;
  return grown === 0 ? "same" : grown > 0 ? "grew" : "shrank";
}

function describeChange(entry: Entry, side: Side): string {
  const { other = 0 } = entry;
  const there = side === "one" ? "in the second image" : "in the first image";
  switch (changeOf(entry, side)) {
    case "new":
    case "gone":
      return `not ${there}`;
    case "same":
      return entry.isRest ? "too small to be shown" : `as large ${there}`;
    case "grew":
    case "shrank":
      return `${formatBytes(other)} ${there}`;
  }
}

/** A number for people: `70,000`. */
export function formatCount(number: number): string {
  return number.toLocaleString("en-US");
}
