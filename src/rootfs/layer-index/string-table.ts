// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { limitExceeded } from "../../oci/limits.ts";

/** Keeps each byte string once, numbered in the order of first use; number 0 is the empty string. */
export interface StringTable {
  readonly strings: readonly ByteString[];
  /** Where each string ends when all are written one after the other. */
  readonly ends: readonly number[];
  /** @throws OciError `limit-exceeded` */
  readonly idOf: (text: ByteString) => number;
}

// Half the length of the longest string in V8.
const MOST_CHARACTERS = 2 ** 28;

export function createStringTable(what: string): StringTable {
  const ids = new Map<ByteString, number>();
  const strings: ByteString[] = [];
  const ends: number[] = [];
  const add = (text: ByteString): number => {
    const end = (ends.at(-1) ?? 0) + text.length;
    if (end > MOST_CHARACTERS) {
      throw limitExceeded({
        what,
        allowed: MOST_CHARACTERS,
        unit: "bytes of different names and attributes",
      });
    }
    ids.set(text, strings.length);
    ends.push(end);
    return strings.push(text) - 1;
  };
  add("" as ByteString);
  return { strings, ends, idOf: (text) => ids.get(text) ?? add(text) };
}
