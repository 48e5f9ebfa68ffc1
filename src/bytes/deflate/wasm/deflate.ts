// SPDX-License-Identifier: MIT
// A compressor for deflate (RFC 1951) in AssemblyScript: TypeScript's syntax, compiled to WebAssembly by
// scripts/compile-deflate.mjs. Its output depends on its input alone: not on the machine, its processor, the version
// of Node, or on what was compressed before.
import { alignToByte, outputAt, startOutput } from "./bits.ts";
import { findMatches, forgetHashes, rememberAll } from "./find-matches.ts";
import { BLOCK, END, INPUT, OUTPUT, WINDOW, WINDOW_AT } from "./memory.ts";
import { fillSymbolTables } from "./symbols.ts";
import { writeBlock, writeStored } from "./write-block.ts";

/** A deflate block gets this many bytes, and less than 64 KiB with what a match or a step is longer. */
const ENOUGH: u32 = 64000;

if (__heap_base > <usize>WINDOW_AT || END > (<u32>memory.size()) << 16) unreachable();
fillSymbolTables();

/** Where the input goes. What stands before it in the stream, at most `window` bytes, goes right before it. */
export const input: u32 = INPUT;
export const output: u32 = OUTPUT;
export const window: u32 = WINDOW;
export const block: u32 = BLOCK;

/**
 * Compresses `length` bytes (at most `block`), of which matches may reach into the `before` bytes before them. Ends
 * the stream when this is the last of it, or at a full byte, so that the next output can follow. `effort` is 1, the
 * fastest, to 4, the smallest. Returns how many bytes there are at `output`: at most 6 for each 64000 of the input, and 11, more than that.
 */
export function deflate(before: u32, length: u32, isLast: bool, effort: u32): u32 {
  const end = INPUT + length;
  startOutput();
  forgetHashes();
  rememberAll(INPUT - before, INPUT);
  for (let at: u32 = INPUT; at < end;) {
    const start = at;
    at = findMatches(start, min(start + ENOUGH, end), end, effort);
    writeBlock(start, at, isLast && at == end);
  }
  if (isLast && length > 0) alignToByte();
  else writeStored(end, 0, isLast);
  return outputAt - OUTPUT;
}
