// SPDX-License-Identifier: MIT
// The symbols of lengths and distances, and the extra bits that follow them (RFC 1951, section 3.2.5).
import {
  DISTANCE_BASES,
  DISTANCE_EXTRAS,
  DISTANCES,
  LENGTH_BASES,
  LENGTH_EXTRAS,
  LENGTH_SYMBOLS,
} from "./memory.ts";

/** Fills the tables that the functions below read. */
export function fillSymbolTables(): void {
  let base: u32 = 3;
  for (let symbol: u32 = 0; symbol < 28; symbol++) {
    const extra: u32 = symbol < 8 ? 0 : (symbol - 4) >> 2;
    setLength(symbol, base, extra);
    base += 1 << extra;
  }
  // The longest has a symbol of its own, although the one before could say it.
  setLength(28, 258, 0);
  base = 1;
  for (let symbol: u32 = 0; symbol < DISTANCES; symbol++) {
    const extra: u32 = symbol < 4 ? 0 : (symbol - 2) >> 1;
    store<u16>(DISTANCE_BASES + symbol * 2, <u16>base);
    store<u8>(DISTANCE_EXTRAS + symbol, <u8>extra);
    base += 1 << extra;
  }
}

function setLength(symbol: u32, base: u32, extra: u32): void {
  store<u16>(LENGTH_BASES + symbol * 2, <u16>base);
  store<u8>(LENGTH_EXTRAS + symbol, <u8>extra);
  for (let length = base; length < base + (1 << extra) && length <= 258; length++) {
    store<u8>(LENGTH_SYMBOLS + length, <u8>symbol);
  }
}

/** The symbol of a match's length, counted from the first of lengths. */
export function lengthSymbol(length: u32): u32 {
  return load<u8>(LENGTH_SYMBOLS + length);
}

export function lengthBase(symbol: u32): u32 {
  return load<u16>(LENGTH_BASES + symbol * 2);
}

export function lengthExtra(symbol: u32): u32 {
  return load<u8>(LENGTH_EXTRAS + symbol);
}

/** The symbol of a distance: of the number below it, how many bits there are, and the second highest. */
export function distanceSymbol(distance: u32): u32 {
  const below = distance - 1;
  const highest = 31 - clz(below | 2);
  return select<u32>(below, (highest << 1) + ((below >> (highest - 1)) & 1), below < 2);
}

export function distanceBase(symbol: u32): u32 {
  return load<u16>(DISTANCE_BASES + symbol * 2);
}

export function distanceExtra(symbol: u32): u32 {
  return load<u8>(DISTANCE_EXTRAS + symbol);
}
