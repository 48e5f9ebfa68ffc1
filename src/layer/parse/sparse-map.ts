// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { BLOCK, GNU, type Field } from "../format/header-layout.ts";
import { checkLimit, LayerFault } from "../format/layer-fault.ts";
import { parseCount, readCount } from "../format/numeric-field.ts";

/** The stored extents of a sparse file as offset, length, offset, length…, in order and without overlap. */
export type SparseMap = readonly number[];

const NUMBER_LENGTH = 12;
const EXTENTS_IN_HEADER = 4;
const EXTENTS_IN_BLOCK = 21;
/** Offset of the byte in a block of further extents that says whether another such block follows. */
const MORE_AT = EXTENTS_IN_BLOCK * 2 * NUMBER_LENGTH;

/** Adds the extents in an old GNU sparse header to `map`. Returns whether a block with further extents follows. */
export function readHeaderExtents(block: Uint8Array, map: number[]): boolean {
  readExtents(block, GNU.sparseExtents.at, EXTENTS_IN_HEADER, map);
  return block[GNU.isExtended.at] !== 0;
}

/** Adds the extents in such a block to `map`. Returns whether another one follows. */
export function readBlockExtents(block: Uint8Array, map: number[]): boolean {
  readExtents(block, 0, EXTENTS_IN_BLOCK, map);
  return block[MORE_AT] !== 0;
}

function readExtents(block: Uint8Array, start: number, count: number, map: number[]): void {
  for (let index = 0; index < count; index += 1) {
    const at = start + index * 2 * NUMBER_LENGTH;
    if (block[at] === 0) return;
    map.push(readCount(block, numberAt("sparse offset", at)));
    map.push(readCount(block, numberAt("sparse length", at + NUMBER_LENGTH)));
  }
}

function numberAt(name: string, at: number): Field {
  return { name, at, length: NUMBER_LENGTH };
}

/** Parses the map of GNU's sparse formats 0.0 and 0.1, comma-separated. @throws LayerFault */
export function parseSparseMap(text: ByteString, limit: number): SparseMap {
  const parts = text.split(",") as ByteString[];
  checkLimit(parts.length / 2, limit, "extents of a sparse file", "sparseExtents");
  return parts.map((part) => parseCount(part, "sparse map"));
}

/** Reads the map that GNU's sparse format 1.0 puts before the content, in whole blocks. */
export interface SparseMapReader {
  /** Reads a block. Returns true when the map is complete: the rest of the block is padding. */
  read(block: Uint8Array): boolean;
  readonly map: SparseMap;
}

/** Creates a reader for a map that consists of lines: the number of extents, then offset and length of each. */
export function createSparseMapReader(limit: number): SparseMapReader {
  const map: number[] = [];
  let expected = -1;
  let line = "";
  const endLine = (): void => {
    const value = parseCount(line as ByteString, "sparse map");
    line = "";
    if (expected >= 0) {
      map.push(value);
      return;
    }
    checkLimit(value, limit, "extents of a sparse file", "sparseExtents");
    expected = value * 2;
  };
  return {
    map,
    read(block) {
      for (let at = 0; at < BLOCK && map.length !== expected; at += 1) {
        const byte = block[at]!;
        if (byte === 0x0a) endLine();
        else if (line.length < 16) line += String.fromCharCode(byte);
        else
          throw new LayerFault("invalid-layer", "sparse map: expected a number, got a long line");
      }
      return map.length === expected;
    },
  };
}

/** The sum of the lengths of the extents. */
export function storedLength(map: SparseMap): number {
  let length = 0;
  for (let at = 1; at < map.length; at += 2) length += map[at]!;
  return length;
}

/**
 * Checks that the extents are in order, don't overlap, lie inside the file, and are together as long as the
 * stored content.
 * @throws LayerFault `invalid-layer`
 */
export function checkSparseMap(map: SparseMap, size: number, storedSize: number): void {
  if (map.length % 2 !== 0) throw badMap("pairs of offset and length", `${map.length} numbers`);
  let end = 0;
  for (let at = 0; at < map.length; at += 2) {
    const offset = map[at]!;
    const length = map[at + 1]!;
    if (offset < end) throw badMap(`an offset from ${end}`, `${offset}`);
    end = offset + length;
    if (end > size) throw badMap(`an end of at most ${size}`, `${end}`);
  }
  const stored = storedLength(map);
  if (stored !== storedSize) throw badMap(`${storedSize} stored bytes`, `${stored}`);
}

function badMap(expected: string, got: string): LayerFault {
  return new LayerFault("invalid-layer", `sparse map: expected ${expected}, got ${got}`);
}
