// SPDX-License-Identifier: MIT
// Makes a Huffman code whose codes are no longer than a limit, in the canonical form of RFC 1951, section 3.2.2.
import { DIGITS, LENGTH_COUNTS, NEXT_CODES, SORTED, TREE } from "./memory.ts";

const SYMBOL_BITS: u32 = 9;
const SYMBOL_MASK: u32 = (1 << SYMBOL_BITS) - 1;

/**
 * Makes the codes of `symbols` symbols from how often each occurs (less than 2^16 times). Symbols that don't occur
 * get none. A code of fewer than two symbols gets a second one, or two, since not every inflater takes it otherwise.
 */
export function makeCode(counts: u32, symbols: u32, limit: u32, codes: u32): void {
  const used = sortUsed(counts, symbols);
  memory.fill(codes, 0, symbols * 4);
  if (used < 2) {
    const only: u32 = used == 0 ? 0 : word(SORTED, 0) & SYMBOL_MASK;
    const other: u32 = only == 0 ? 1 : 0;
    setWord(codes, min(only, other), 1 << 16);
    setWord(codes, max(only, other), (1 << 16) | 1);
    return;
  }
  buildTree(used);
  countLengths(used, limit);
  keepToLimit(limit);
  // the rarest symbols get the longest codes
  let next: u32 = 0;
  for (let length = limit; length > 0; length--) {
    for (let left = word(LENGTH_COUNTS, length); left > 0; left--) {
      setWord(codes, word(SORTED, next) & SYMBOL_MASK, length << 16);
      next++;
    }
  }
  numberCodes(codes, symbols, limit);
}

/** Puts the symbols that occur into SORTED, the rarest first, of equal ones the lower first. Returns how many. */
function sortUsed(counts: u32, symbols: u32): u32 {
  let used: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const count = word(counts, symbol);
    if (count == 0) continue;
    setWord(SORTED, used, (count << SYMBOL_BITS) | symbol);
    used++;
  }
  sortByDigit(SORTED, TREE, used, SYMBOL_BITS);
  sortByDigit(TREE, SORTED, used, SYMBOL_BITS + 8);
  return used;
}

/** Sorts by eight bits of each word, from `shift` on; what is equal in them stays in order. */
function sortByDigit(from: u32, to: u32, length: u32, shift: u32): void {
  memory.fill(DIGITS, 0, 256 * 4);
  for (let at: u32 = 0; at < length; at++) {
    const digit = (word(from, at) >> shift) & 255;
    setWord(DIGITS, digit, word(DIGITS, digit) + 1);
  }
  let next: u32 = 0;
  for (let digit: u32 = 0; digit < 256; digit++) {
    const count = word(DIGITS, digit);
    setWord(DIGITS, digit, next);
    next += count;
  }
  for (let at: u32 = 0; at < length; at++) {
    const value = word(from, at);
    const digit = (value >> shift) & 255;
    const place = word(DIGITS, digit);
    setWord(DIGITS, digit, place + 1);
    setWord(to, place, value);
  }
}

/**
 * Leaves in TREE the `used - 1` inner nodes of the tree, each as the number of its parent; the root is the last.
 * They are made in the order of their weights, so a queue of leaves and one of nodes are enough. A node's
 * weight gives way to its parent's number once the node has one.
 */
function buildTree(used: u32): void {
  let leaf: u32 = 0;
  let node: u32 = 0;
  for (let next: u32 = 0; next < used - 1; next++) {
    let weight: u32 = 0;
    for (let child: u32 = 0; child < 2; child++) {
      const isLeaf =
        leaf < used && (node == next || word(SORTED, leaf) >> SYMBOL_BITS <= word(TREE, node));
      if (isLeaf) {
        weight += word(SORTED, leaf) >> SYMBOL_BITS;
        leaf++;
      } else {
        weight += word(TREE, node);
        setWord(TREE, node, next);
        node++;
      }
    }
    setWord(TREE, next, weight);
  }
}

/** Counts the leaves at each depth, those below the limit as at the limit. */
function countLengths(used: u32, limit: u32): void {
  memory.fill(LENGTH_COUNTS, 0, 16 * 4);
  const root = used - 2;
  setWord(TREE, root, 0);
  for (let node = root; node > 0; node--) {
    setWord(TREE, node - 1, word(TREE, word(TREE, node - 1)) + 1);
  }
  let places: u32 = 1;
  let node = root + 1;
  for (let depth: u32 = 0; places > 0; depth++) {
    let inner: u32 = 0;
    for (; node > 0 && word(TREE, node - 1) == depth; node--) inner++;
    const length = min(depth, limit);
    setWord(LENGTH_COUNTS, length, word(LENGTH_COUNTS, length) + places - inner);
    places = 2 * inner;
  }
}

/**
 * Makes room for codes that were cut to the limit: one of them goes beside a shorter code, which gets a bit longer.
 * Each such step gives back the room of one code of the longest length.
 */
function keepToLimit(limit: u32): void {
  let taken: u32 = 0;
  for (let length: u32 = 1; length <= limit; length++) {
    taken += word(LENGTH_COUNTS, length) << (limit - length);
  }
  for (; taken > (<u32>1) << limit; taken--) {
    let length = limit - 1;
    while (word(LENGTH_COUNTS, length) == 0) length--;
    setWord(LENGTH_COUNTS, limit, word(LENGTH_COUNTS, limit) - 1);
    setWord(LENGTH_COUNTS, length, word(LENGTH_COUNTS, length) - 1);
    setWord(LENGTH_COUNTS, length + 1, word(LENGTH_COUNTS, length + 1) + 2);
  }
}

/** Gives the symbols of each length consecutive codes, and turns them round, as they are written. */
function numberCodes(codes: u32, symbols: u32, limit: u32): void {
  let code: u32 = 0;
  setWord(LENGTH_COUNTS, 0, 0);
  for (let length: u32 = 1; length <= limit; length++) {
    code = (code + word(LENGTH_COUNTS, length - 1)) << 1;
    setWord(NEXT_CODES, length, code);
  }
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const length = word(codes, symbol) >> 16;
    if (length == 0) continue;
    const next = word(NEXT_CODES, length);
    setWord(NEXT_CODES, length, next + 1);
    setWord(codes, symbol, (length << 16) | (reverse(next) >> (16 - length)));
  }
}

/** The 16 bits in the other order. */
function reverse(bits: u32): u32 {
  bits = ((bits & 0x5555) << 1) | ((bits >> 1) & 0x5555);
  bits = ((bits & 0x3333) << 2) | ((bits >> 2) & 0x3333);
  bits = ((bits & 0x0f0f) << 4) | ((bits >> 4) & 0x0f0f);
  return ((bits & 0x00ff) << 8) | (bits >> 8);
}

function word(array: u32, at: u32): u32 {
  return load<u32>(array + (at << 2));
}

function setWord(array: u32, at: u32, value: u32): void {
  store<u32>(array + (at << 2), value);
}
