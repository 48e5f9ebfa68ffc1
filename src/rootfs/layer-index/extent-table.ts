// SPDX-License-Identifier: MIT
import type { Rows } from "./index-tables.ts";

/** Takes down which parts of a sparse file are stored, from what the layer's parser tells of it. */
export interface ExtentTable {
  start(): void;
  data(length: number): void;
  hole(length: number): void;
  /** Ends the file, which is this record of the index. False when there were too many parts: none of them are kept. */
  finish(record: number): boolean;
}

/**
 * Gathers the parts of sparse files in columns of an index, at most so many for all of a layer: in a
 * hostile one they could be as many as it has bytes. Every file that is finished has one at least, an
 * empty one where all of it is a hole: so it is known as sparse.
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
