// SPDX-License-Identifier: MIT
import type { Rows } from "./index-tables.ts";

/** Records which parts of a sparse file are stored, as the layer's parser reports them. */
export interface ExtentTable {
  start(): void;
  data(length: number): void;
  hole(length: number): void;
  /** Ends the file; `record` is its number in the index. Returns false when it had too many parts: none of them is kept. */
  finish(record: number): boolean;
}

/**
 * Collects the parts of sparse files in columns of an index: at most `most` for the whole layer, as a
 * hostile one could have as many parts as bytes. Every finished file has at least one part (an empty one if
 * the whole file is a hole), which marks it as sparse.
 */
export function createExtentTable(rows: Rows, most: number): ExtentTable {
  let first = 0;
  let position = 0;
  let isTooMany = false;
  const { extentRecord, extentStart, extentLength } = rows;
  const add = (length: number): void => {
    isTooMany ||= extentStart.length >= most;
    if (isTooMany) return;
    extentStart.push(position);
    extentLength.push(length);
  };
  return {
    start() {
      first = extentStart.length;
      position = 0;
      isTooMany = false;
    },
    data(length) {
      const last = extentStart.length - 1;
      const isNext = last >= first && extentStart[last]! + extentLength[last]! === position;
      if (isNext && !isTooMany) extentLength[last]! += length;
      else add(length);
      position += length;
    },
    hole: (length) => void (position += length),
    finish(record) {
      if (extentStart.length === first) add(0);
      if (isTooMany) extentStart.length = extentLength.length = first;
      while (extentRecord.length < extentStart.length) extentRecord.push(record);
      return !isTooMany;
    },
  };
}
