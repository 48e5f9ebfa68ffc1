// SPDX-License-Identifier: MIT
// The output, which is written from the lowest bit of a byte on (RFC 1951, section 3.1.1).
import { OUTPUT } from "./memory.ts";

/** Bits that are not written yet, how many there are (less than 8 after `flush`), and where they will be written. */
export let bits: u64 = 0;
export let bitCount: u64 = 0;
export let outputAt: u32 = OUTPUT;

export function startOutput(): void {
  bits = 0;
  bitCount = 0;
  outputAt = OUTPUT;
}

/** Sets the three at once, for code that keeps them in variables of its own meanwhile. */
export function setOutput(at: u32, someBits: u64, count: u64): void {
  outputAt = at;
  bits = someBits;
  bitCount = count;
}

/** Writes up to 32 bits. */
export function writeBits(value: u32, count: u32): void {
  bits |= (<u64>value) << bitCount;
  bitCount += count;
  flush();
}

/** Fills the byte that was begun with zeros. */
export function alignToByte(): void {
  bitCount = (bitCount + 7) & ~7;
  flush();
}

/** Copies whole bytes. The output is aligned. */
export function writeBytes(from: u32, length: u32): void {
  memory.copy(outputAt, from, length);
  outputAt += length;
}

function flush(): void {
  store<u64>(outputAt, bits);
  outputAt += <u32>(bitCount >> 3);
  bits >>= bitCount & ~7;
  bitCount &= 7;
}
