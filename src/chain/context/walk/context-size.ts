// SPDX-License-Identifier: MIT
import type { ByteString } from "../../../bytes/byte-string.ts";
import type { ContextEntry } from "./context-entry.ts";

/** Something large in a context. */
export interface LargeEntry {
  /** Without a leading `/`. */
  readonly path: ByteString;
  /** Of a directory: the bytes of all files in it, however deep. */
  readonly bytes: number;
}

/** How much BuildKit would be sent, and what is large in it. */
export interface ContextSize {
  readonly files: number;
  readonly directories: number;
  /** Links, fifos and devices. */
  readonly others: number;
  readonly bytes: number;
  /** The ten largest, the largest first. */
  readonly largestFiles: readonly LargeEntry[];
  /**
   * The ten largest, the largest first. A directory that holds little besides one directory (less than a tenth) is not
   * named; that one is.
   */
  readonly largestDirectories: readonly LargeEntry[];
}

/** Counts the entries of a walk. */
export interface ContextSizer {
  /** Takes the next entry of the walk. */
  add(entry: ContextEntry): void;
  finish(): ContextSize;
}

const SHOWN = 10;
const MOSTLY = 0.9;

interface OpenDirectory {
  readonly path: ByteString;
  bytes: number;
  largestChild: number;
}

/** Starts to count. */
export function createContextSizer(): ContextSizer {
  const counts = { files: 0, directories: 0, others: 0, bytes: 0 };
  const largestFiles: LargeEntry[] = [];
  const largestDirectories: LargeEntry[] = [];
  const open: OpenDirectory[] = [];
  const leave = (): void => {
    const { path, bytes, largestChild } = open.pop()!;
    if (largestChild <= bytes * MOSTLY) keepLargest(largestDirectories, { path, bytes });
    const parent = open.at(-1);
    if (parent === undefined) return;
    parent.bytes += bytes;
    parent.largestChild = Math.max(parent.largestChild, bytes);
  };
  return {
    add({ path, type, size }) {
      while (open.length > 0 && !path.startsWith(`${open.at(-1)!.path}/`)) leave();
      if (type === "directory") {
        counts.directories += 1;
        open.push({ path, bytes: 0, largestChild: 0 });
        return;
      }
      counts[type === "file" ? "files" : "others"] += 1;
      counts.bytes += size;
      if (type === "file") keepLargest(largestFiles, { path, bytes: size });
      const parent = open.at(-1);
      if (parent !== undefined) parent.bytes += size;
    },
    finish() {
      while (open.length > 0) leave();
      return { ...counts, largestFiles, largestDirectories };
    },
  };
}

function keepLargest(largest: LargeEntry[], entry: LargeEntry): void {
  if (entry.bytes === 0 || entry.bytes <= (largest[SHOWN - 1]?.bytes ?? 0)) return;
  const at = largest.findIndex(({ bytes }) => bytes < entry.bytes);
  largest.splice(at < 0 ? largest.length : at, 0, entry);
  if (largest.length > SHOWN) largest.pop();
}
