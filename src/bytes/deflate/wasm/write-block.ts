// SPDX-License-Identifier: MIT
// Writes one deflate block: with codes of its own, or stored where that is shorter.
import { alignToByte, bitCount, bits, outputAt, setOutput, writeBits, writeBytes } from "./bits.ts";
import { prepareHead, writeHead } from "./code-lengths.ts";
import { DISTANCE_FROM, endOfMatches, LENGTH_FROM, SYMBOL_FROM } from "./find-matches.ts";
import { makeCode } from "./make-code.ts";
import {
  DISTANCE_CODES,
  DISTANCE_COUNTS,
  DISTANCES,
  LENGTH_BITS,
  LITERAL_CODES,
  LITERAL_COUNTS,
  LITERALS,
  MATCHES,
} from "./memory.ts";
import { distanceBase, distanceExtra, lengthBase, lengthExtra, lengthSymbol } from "./symbols.ts";

const LIMIT: u32 = 15;

/** Writes the input from `start` to `end`, less than 64 KiB, for which `findMatches` was called last. */
export function writeBlock(start: u32, end: u32, isLast: bool): void {
  makeCode(LITERAL_COUNTS, LITERALS, LIMIT, LITERAL_CODES);
  makeCode(DISTANCE_COUNTS, DISTANCES, LIMIT, DISTANCE_CODES);
  const size: u32 = 3 + prepareHead() + contentBits();
  // 3 bits, up to 7 to the next byte, and the length twice
  if (size >= (end - start) * 8 + 42) {
    writeStored(start, end - start, isLast);
    return;
  }
  writeBits((2 << 1) | (<u32>isLast), 3);
  writeHead();
  fillLengthBits();
  writeContent(start);
  const endOfBlock = load<u32>(LITERAL_CODES + 256 * 4);
  writeBits(endOfBlock & 0xffff, endOfBlock >> 16);
}

/** Writes bytes as they are, or nothing, which brings the output to a full byte (RFC 1951, section 3.2.4). */
export function writeStored(start: u32, length: u32, isLast: bool): void {
  writeBits(<u32>isLast, 3);
  alignToByte();
  writeBits(length | (~length << 16), 32);
  writeBytes(start, length);
}

/** How many bits the literals and matches take. */
function contentBits(): u32 {
  let size: u32 = 0;
  for (let symbol: u32 = 0; symbol < LITERALS; symbol++) {
    const extra = symbol < 257 ? 0 : lengthExtra(symbol - 257);
    const length: u32 = load<u16>(LITERAL_CODES + symbol * 4 + 2);
    size += load<u32>(LITERAL_COUNTS + symbol * 4) * (length + extra);
  }
  for (let symbol: u32 = 0; symbol < DISTANCES; symbol++) {
    const length: u32 = load<u16>(DISTANCE_CODES + symbol * 4 + 2);
    size += load<u32>(DISTANCE_COUNTS + symbol * 4) * (length + distanceExtra(symbol));
  }
  return size;
}

function fillLengthBits(): void {
  for (let length: u32 = 3; length <= 258; length++) {
    const symbol = lengthSymbol(length);
    const code = load<u32>(LITERAL_CODES + (257 + symbol) * 4);
    const codeLength = code >> 16;
    const extra = (length - lengthBase(symbol)) << codeLength;
    const count = codeLength + lengthExtra(symbol);
    store<u32>(LENGTH_BITS + length * 4, (code & 0xffff) | extra | (count << 24));
  }
}

/**
 * Writes the literals and matches. Most matches have at most two literals before them, which are written without
 * asking whether they are there: such questions are answered wrongly by processors, and took a twentieth of the time.
 * At most 7 bits wait after each flush; three literals take 45 more, a match 48, and all of them fit into 64.
 */
function writeContent(start: u32): void {
  let at = start;
  let waiting = bits;
  let count = bitCount;
  let out = outputAt;
  const last = endOfMatches();
  for (let match = MATCHES; ; match += 8) {
    const entry = load<u64>(match);
    const end = at + <u32>entry;
    const first = select<u32>(literalCode(at), 0, at < end);
    const second = select<u32>(literalCode(at + 1), 0, at + 1 < end);
    waiting |= (<u64>(first & 0xffff)) << count;
    count += first >> 16;
    waiting |= (<u64>(second & 0xffff)) << count;
    count += second >> 16;
    store<u64>(out, waiting);
    out += <u32>(count >> 3);
    waiting >>= count & ~7;
    count &= 7;
    at += 2;
    while (at < end) {
      const most = min(at + 3, end);
      for (; at < most; at++) {
        const code = literalCode(at);
        waiting |= (<u64>(code & 0xffff)) << count;
        count += code >> 16;
      }
      store<u64>(out, waiting);
      out += <u32>(count >> 3);
      waiting >>= count & ~7;
      count &= 7;
    }
    if (match == last) break;
    const length = (<u32>(entry >> LENGTH_FROM)) & 511;
    const lengthBits = load<u32>(LENGTH_BITS + length * 4);
    waiting |= (<u64>(lengthBits & 0xffffff)) << count;
    count += lengthBits >> 24;
    const symbol = <u32>(entry >> SYMBOL_FROM);
    const distance = (<u32>(entry >> DISTANCE_FROM)) & 0xffff;
    const code = load<u32>(DISTANCE_CODES + symbol * 4);
    waiting |= (<u64>(code & 0xffff)) << count;
    count += code >> 16;
    waiting |= (<u64>(distance - distanceBase(symbol))) << count;
    count += distanceExtra(symbol);
    store<u64>(out, waiting);
    out += <u32>(count >> 3);
    waiting >>= count & ~7;
    count &= 7;
    at = end + length;
  }
  setOutput(out, waiting, count);
}

function literalCode(at: u32): u32 {
  return load<u32>(LITERAL_CODES + ((<u32>load<u8>(at)) << 2));
}
