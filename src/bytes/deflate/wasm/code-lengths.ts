// SPDX-License-Identifier: MIT
// The head of a block with codes of its own: the lengths of all codes, compressed themselves (RFC 1951, section 3.2.7).
import { writeBits } from "./bits.ts";
import { makeCode } from "./make-code.ts";
import {
  CODE_LENGTH_CODES,
  CODE_LENGTH_COUNTS,
  CODE_LENGTH_SYMBOLS,
  CODE_LENGTHS,
  DISTANCE_CODES,
  DISTANCES,
  LITERAL_CODES,
  LITERALS,
} from "./memory.ts";

const SYMBOLS: u32 = 19;
const LIMIT: u32 = 7;
/** The order in which the lengths of the code for code lengths are written. */
const ORDER: StaticArray<u8> = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

let literals: u32 = 0;
let distances: u32 = 0;
let symbols: u32 = 0;
let lengths: u32 = 0;

/** Prepares the head for the codes that were made. Returns how many bits it takes. */
export function prepareHead(): u32 {
  literals = collectLengths(LITERAL_CODES, LITERALS, CODE_LENGTHS);
  distances = collectLengths(DISTANCE_CODES, DISTANCES, CODE_LENGTHS + literals);
  shortenRuns(literals + distances);
  makeCode(CODE_LENGTH_COUNTS, SYMBOLS, LIMIT, CODE_LENGTH_CODES);
  lengths = SYMBOLS;
  while (lengths > 4 && codeLength(unchecked(ORDER[lengths - 1])) == 0) lengths--;
  let bits = 14 + lengths * 3;
  for (let at: u32 = 0; at < symbols; at++) {
    const symbol: u32 = load<u16>(CODE_LENGTH_SYMBOLS + at * 2) & 31;
    bits += codeLength(symbol) + extraBits(symbol);
  }
  return bits;
}

/** Writes what `prepareHead` prepared. */
export function writeHead(): void {
  writeBits(literals - 257, 5);
  writeBits(distances - 1, 5);
  writeBits(lengths - 4, 4);
  for (let at: u32 = 0; at < lengths; at++) writeBits(codeLength(unchecked(ORDER[at])), 3);
  for (let at: u32 = 0; at < symbols; at++) {
    const entry: u32 = load<u16>(CODE_LENGTH_SYMBOLS + at * 2);
    const symbol = entry & 31;
    writeBits(load<u16>(CODE_LENGTH_CODES + symbol * 4), codeLength(symbol));
    writeBits(entry >> 5, extraBits(symbol));
  }
}

/** Collects the lengths of codes up to the last one that is used. Returns how many. */
function collectLengths(codes: u32, most: u32, to: u32): u32 {
  let used: u32 = 0;
  for (let symbol: u32 = 0; symbol < most; symbol++) {
    const length = load<u16>(codes + symbol * 4 + 2);
    store<u8>(to + symbol, <u8>length);
    if (length > 0) used = symbol + 1;
  }
  return used;
}

/** Turns the lengths into symbols: themselves, 16 (the last again), 17 and 18 (zeros). Counts them. */
function shortenRuns(count: u32): void {
  memory.fill(CODE_LENGTH_COUNTS, 0, SYMBOLS * 4);
  symbols = 0;
  for (let at: u32 = 0; at < count;) {
    const length: u32 = load<u8>(CODE_LENGTHS + at);
    let run: u32 = 1;
    while (at + run < count && load<u8>(CODE_LENGTHS + at + run) == length) run++;
    at += run;
    if (length == 0) {
      for (; run >= 11; run -= min<u32>(run, 138)) add(18, min<u32>(run, 138) - 11);
      if (run >= 3) {
        add(17, run - 3);
        run = 0;
      }
    } else {
      add(length, 0);
      run--;
      for (; run >= 3; run -= min<u32>(run, 6)) add(16, min<u32>(run, 6) - 3);
    }
    for (; run > 0; run--) add(length, 0);
  }
}

function add(symbol: u32, extra: u32): void {
  store<u16>(CODE_LENGTH_SYMBOLS + symbols * 2, <u16>(symbol | (extra << 5)));
  symbols++;
  const count = CODE_LENGTH_COUNTS + symbol * 4;
  store<u32>(count, load<u32>(count) + 1);
}

function codeLength(symbol: u32): u32 {
  return load<u16>(CODE_LENGTH_CODES + symbol * 4 + 2);
}

function extraBits(symbol: u32): u32 {
  return symbol == 16 ? 2 : symbol == 17 ? 3 : symbol == 18 ? 7 : 0;
}
