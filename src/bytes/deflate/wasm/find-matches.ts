// SPDX-License-Identifier: MIT
// Finds what occurred before. Greedy: at each place the longer of two candidates is taken at once. Of the places inside a
// match only some are remembered: all of them would take a tenth more time for one percent of the size.
import {
  DISTANCE_COUNTS,
  DISTANCES,
  HASH_BITS,
  HASHES,
  LITERAL_COUNTS,
  LITERALS,
  MATCHES,
  MOST_MATCHES,
  WINDOW,
} from "./memory.ts";
import { distanceSymbol, lengthSymbol } from "./symbols.ts";

// A match is 64 bits: how many literals stand before it (32), its length (9), its distance (16), the symbol of that (5).
export const LENGTH_FROM: u64 = 32;
export const DISTANCE_FROM: u64 = 41;
export const SYMBOL_FROM: u64 = 57;

const LONGEST: u32 = 258;
/** A match this long is taken without a look at the second candidate. */
const LONG_ENOUGH: u32 = 32;
/** After 2^this literals without a match, every second place is looked at, after twice as many every third, and so on. */
const PATIENCE: u32 = 6;
/** But not more rarely than this, so that what can be compressed is found soon after what can't be. */
const LONGEST_STEP: u32 = 32;
/** Nothing is looked for in the last bytes, so that no word of eight is read across the end. */
const TAIL: u32 = 12;

/** Where the list of matches ends. The entry there has only literals. */
let matchesEnd: u32 = MATCHES;

export function endOfMatches(): u32 {
  return matchesEnd;
}

export function forgetHashes(): void {
  memory.fill(HASHES, 0, 8 << HASH_BITS);
}

/** Remembers all positions of what stands before the block, so that matches can reach back to it. */
export function rememberAll(from: u32, end: u32): void {
  for (let at = from; at + TAIL < end; at++) remember(at);
}

/**
 * Cuts the input from `start` on into literals and matches, and counts their symbols. Ends at or somewhat after
 * `enough`, earlier where the list of matches is full. `end` is that of the whole input. Returns where it ended.
 * `effort` is 1 to 4: at 1 only the latest candidate is looked at; with each step more places are remembered.
 */
export function findMatches(start: u32, enough: u32, end: u32, effort: u32): u32 {
  const longEnough: u32 = effort == 1 ? 0 : LONG_ENOUGH;
  const searchEnd = end - TAIL;
  let at = start;
  let literals = start;
  let match = MATCHES;
  memory.fill(LITERAL_COUNTS, 0, LITERALS * 4);
  memory.fill(DISTANCE_COUNTS, 0, DISTANCES * 4);
  while (at < enough && at < searchEnd && match < MATCHES + (MOST_MATCHES - 1) * 8) {
    const here = load<u32>(at);
    const bucket = bucketOf(here);
    const latest = load<u32>(bucket);
    const second = load<u32>(bucket + 4);
    store<u64>(bucket, (<u64>at) | ((<u64>latest) << 32));
    const most = min(LONGEST, end - at);
    let length: u32 = 0;
    let distance: u32 = 0;
    if (at - latest <= WINDOW && load<u32>(latest) == here) {
      length = matchLength(at, latest, most);
      distance = at - latest;
    }
    if (length < longEnough && at - second <= WINDOW && load<u32>(second) == here) {
      const other = matchLength(at, second, most);
      if (other > length) {
        length = other;
        distance = at - second;
      }
    }
    if (length == 0) {
      const step = min(LONGEST_STEP, 1 + ((at - literals) >> PATIENCE));
      const next = min(at + step, end);
      countLiterals(at, next);
      at = next;
      continue;
    }
    count(LITERAL_COUNTS, 257 + lengthSymbol(length));
    const symbol = distanceSymbol(distance);
    count(DISTANCE_COUNTS, symbol);
    store<u64>(
      match,
      (<u64>(at - literals)) |
        ((<u64>length) << LENGTH_FROM) |
        ((<u64>distance) << DISTANCE_FROM) |
        ((<u64>symbol) << SYMBOL_FROM),
    );
    match += 8;
    if (at + length < searchEnd) rememberEnds(at, at + length, effort);
    at += length;
    literals = at;
  }
  if (at >= searchEnd) {
    countLiterals(at, end);
    at = end;
  }
  count(LITERAL_COUNTS, 256);
  store<u64>(match, <u64>(at - literals));
  matchesEnd = match;
  return at;
}

/** How many bytes are the same, of which the first four are known to be. */
function matchLength(at: u32, candidate: u32, most: u32): u32 {
  for (let length: u32 = 4; length < most; length += 8) {
    const difference = load<u64>(at + length) ^ load<u64>(candidate + length);
    if (difference != 0) return min(most, length + <u32>(ctz(difference) >> 3));
  }
  return most;
}

/** Remembers places of a match, whose length is at least 4. */
function rememberEnds(start: u32, end: u32, effort: u32): void {
  if (effort < 2) return;
  remember(start + 1);
  if (effort > 3) remember(start + 2);
  if (effort > 2 && end - 2 > start + 2) remember(end - 2);
  remember(end - 1);
}

function remember(at: u32): void {
  const bucket = bucketOf(load<u32>(at));
  store<u64>(bucket, (<u64>at) | ((<u64>load<u32>(bucket)) << 32));
}

function bucketOf(bytes: u32): u32 {
  return HASHES + (((bytes * 0x1e35a7bd) >> (32 - HASH_BITS)) << 3);
}

function countLiterals(from: u32, end: u32): void {
  for (let at = from; at < end; at++) count(LITERAL_COUNTS, load<u8>(at));
}

function count(counts: u32, symbol: u32): void {
  const at = counts + (symbol << 2);
  store<u32>(at, load<u32>(at) + 1);
}
