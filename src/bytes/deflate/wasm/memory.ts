// SPDX-License-Identifier: MIT
// Where everything lies in the memory of the module. All of it has a fixed place: nothing is ever allocated.

/** How far back a match may lie (RFC 1951, section 2). */
export const WINDOW: u32 = 32 * 1024;
/** The most bytes that are compressed at once. */
export const BLOCK: u32 = 1024 * 1024;
/** Bits of the hash of four bytes. 14 make the output half a percent larger, 16 make it no smaller. */
export const HASH_BITS: u32 = 15;
/** Literals and the end of a block, then 29 lengths (section 3.2.5). */
export const LITERALS: u32 = 286;
export const DISTANCES: u32 = 30;
/** Matches of one deflate block. */
export const MOST_MATCHES: u32 = 16 * 1024;

/** Words of eight bytes are read and written across the end of what is meant. */
const SLACK: u32 = 64;

/** The window, then the block. The compiler puts its constants before them. */
export const WINDOW_AT: u32 = 4096;
export const INPUT: u32 = WINDOW_AT + WINDOW;
export const OUTPUT: u32 = INPUT + BLOCK + SLACK;
/** For each hash, the last two positions with it, as two words of 32 bits; the latest first. */
export const HASHES: u32 = OUTPUT + BLOCK + 4096;
/** For each match, 64 bits: see find-matches.ts. */
export const MATCHES: u32 = HASHES + (8 << HASH_BITS);
/** How often each symbol occurs, 32 bits each. */
export const LITERAL_COUNTS: u32 = MATCHES + MOST_MATCHES * 8 + SLACK;
export const DISTANCE_COUNTS: u32 = LITERAL_COUNTS + 288 * 4;
/** The code of each symbol, 32 bits each: the bits as they are written, and from bit 16 on how many there are. */
export const LITERAL_CODES: u32 = DISTANCE_COUNTS + 32 * 4;
export const DISTANCE_CODES: u32 = LITERAL_CODES + 288 * 4;
/** The bits of each length of a match, extra bits included, and from bit 24 on how many there are. */
export const LENGTH_BITS: u32 = DISTANCE_CODES + 32 * 4;
/** The lengths of both codes one after the other, a byte each; then as symbols with their extra bits, 16 bits each. */
export const CODE_LENGTHS: u32 = LENGTH_BITS + 260 * 4;
export const CODE_LENGTH_SYMBOLS: u32 = CODE_LENGTHS + 320;
export const CODE_LENGTH_COUNTS: u32 = CODE_LENGTH_SYMBOLS + 320 * 2;
export const CODE_LENGTH_CODES: u32 = CODE_LENGTH_COUNTS + 20 * 4;
/** Where a code is made: symbols sorted by how often they occur, the tree, and how many codes of each length there are. */
export const SORTED: u32 = CODE_LENGTH_CODES + 20 * 4;
export const TREE: u32 = SORTED + 288 * 4;
export const LENGTH_COUNTS: u32 = TREE + 288 * 4;
export const NEXT_CODES: u32 = LENGTH_COUNTS + 16 * 4;
/** Tables of symbols.ts. */
export const LENGTH_SYMBOLS: u32 = NEXT_CODES + 16 * 4;
export const LENGTH_BASES: u32 = LENGTH_SYMBOLS + 260;
export const LENGTH_EXTRAS: u32 = LENGTH_BASES + 30 * 2;
export const DISTANCE_BASES: u32 = LENGTH_EXTRAS + 32;
export const DISTANCE_EXTRAS: u32 = DISTANCE_BASES + 32 * 2;
/** How many words have each value of eight bits, while they are sorted by it. */
export const DIGITS: u32 = DISTANCE_EXTRAS + 32;
export const END: u32 = DIGITS + 256 * 4;
