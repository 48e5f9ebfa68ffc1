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

const SHORTEST: u32 = 4;
const LONGEST: u32 = 258;
/** So many bytes are compared at once. */
const WORD: u32 = 8;
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
 * `effort` is 1 to 4: how many places of a match are remembered.
 *
 * What a processor can't foresee costs it more than what it does in vain. So both candidates are compared at each place,
 * eight bytes at once, before the first question is asked: whether one of them begins as the input does.
 */
export function findMatches(start: u32, enough: u32, end: u32, effort: u32): u32 {
  const searchEnd = end - TAIL;
  const stop = min(enough, searchEnd);
  const lastMatch: u32 = MATCHES + (MOST_MATCHES - 1) * 8;
  let at = start;
  let literals = start;
  let match = MATCHES;
  memory.fill(LITERAL_COUNTS, 0, LITERALS * 4);
  memory.fill(DISTANCE_COUNTS, 0, DISTANCES * 4);
  while (at < stop && match < lastMatch) {
    const here = load<u64>(at);
    const bucket = bucketOf(<u32>here);
    const candidates = load<u64>(bucket);
    store<u64>(bucket, (<u64>at) | (candidates << 32));
    const latest = <u32>candidates;
    const second = <u32>(candidates >> 32);
    const asLatest = sameBytes(here, at, latest);
    const asSecond = sameBytes(here, at, second);
    let length = max(asLatest, asSecond);
    if (length < SHORTEST) {
      at = passLiterals(at, literals, end);
      continue;
    }
    let distance = at - select<u32>(latest, second, asLatest >= asSecond);
    if (length == WORD) {
      const most = min(LONGEST, end - at);
      length = matchLength(at, at - distance, most);
      if (asLatest == asSecond && length < LONG_ENOUGH) {
        const other = matchLength(at, second, most);
        if (other > length) {
          length = other;
          distance = at - second;
        }
      }
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

/** How many of the first eight bytes at both places are the same; none when the candidate is too far away. */
function sameBytes(here: u64, at: u32, candidate: u32): u32 {
  const difference = select<u64>(here ^ load<u64>(candidate), 1, at - candidate <= WINDOW);
  return <u32>(ctz(difference) >> 3);
}

/** How many bytes are the same, of which the first eight are known to be. */
function matchLength(at: u32, candidate: u32, most: u32): u32 {
  for (let length = WORD; length < most; length += 8) {
    const difference = load<u64>(at + length) ^ load<u64>(candidate + length);
    if (difference != 0) return min(most, length + <u32>(ctz(difference) >> 3));
  }
  return most;
}

/** Passes one literal, or more of them when none of those since `literals` began a match. Returns what comes next. */
function passLiterals(at: u32, literals: u32, end: u32): u32 {
  count(LITERAL_COUNTS, load<u8>(at));
  const more = min(LONGEST_STEP - 1, (at - literals) >> PATIENCE);
  if (more == 0) return at + 1;
  const next = min(at + 1 + more, end);
  countLiterals(at + 1, next);
  return next;
}

/** Remembers places of a match. Of four bytes one is remembered twice, which costs less than to ask how many there are. */
function rememberEnds(start: u32, end: u32, effort: u32): void {
  if (effort < 2) return;
  remember(start + 1);
  if (effort > 3) remember(start + 2);
  if (effort > 2) remember(end - 2);
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
