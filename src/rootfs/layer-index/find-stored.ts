// SPDX-License-Identifier: MIT
import type { StoredContent } from "../contents/stored-content.ts";
import type { LayerIndex } from "./layer-index.ts";

/** Where the content of a record lies in its layer; undefined when it is not a file, or when the index does not say. */
export function findStored({ columns }: LayerIndex, record: number): StoredContent | undefined {
  const { extentRecord, extentStart, extentLength } = columns;
  const offset = columns.contentOffset[record]!;
  if (offset === 0) return undefined;
  let [low, high] = [0, extentRecord.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (extentRecord[middle]! < record) low = middle + 1;
    else high = middle;
  }
  if (extentRecord[low] !== record) return { offset, extents: [0, columns.size[record]!] };
  const extents: number[] = [];
  for (; extentRecord[low] === record; low += 1) {
    extents.push(extentStart[low]!, extentLength[low]!);
  }
  return { offset, extents };
}
