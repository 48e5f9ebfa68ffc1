// SPDX-License-Identifier: MIT
import { BLOCK, USTAR } from "./header-layout.ts";
import { LayerFault } from "./layer-fault.ts";
import { tryNumber } from "./numeric-field.ts";

const { at: FIELD_AT, length: FIELD_LENGTH } = USTAR.checksum;
/** The checksum field counts as eight spaces. */
const FIELD_SUM = FIELD_LENGTH * 0x20;

/** The sum of a header's bytes, with the checksum field counted as spaces. */
export function headerChecksum(block: Uint8Array, at = 0): number {
  let sum = FIELD_SUM;
  // Measured: adding eight bytes in each step takes less than half the time, and this is a third of all
  // parsing.
  for (let next = at; next < at + BLOCK; next += 8) {
    sum += block[next]! + block[next + 1]! + block[next + 2]! + block[next + 3]!;
    sum += block[next + 4]! + block[next + 5]! + block[next + 6]! + block[next + 7]!;
  }
  for (let next = at + FIELD_AT; next < at + FIELD_AT + FIELD_LENGTH; next += 1)
    sum -= block[next]!;
  return sum;
}

/** The sum of the bytes as signed numbers, as old Sun tars computed it. */
function signedChecksum(block: Uint8Array): number {
  let sum = headerChecksum(block);
  for (let next = 0; next < BLOCK; next += 1) {
    if (block[next]! >= 0x80 && (next < FIELD_AT || next >= FIELD_AT + FIELD_LENGTH)) sum -= 256;
  }
  return sum;
}

/** Whether the block is a header: its checksum is right for unsigned or for signed bytes. */
export function isHeader(block: Uint8Array): boolean {
  const stored = tryNumber(block, USTAR.checksum);
  return stored === headerChecksum(block) || stored === signedChecksum(block);
}

/** @throws LayerFault `invalid-layer` when the block is not a header */
export function verifyChecksum(block: Uint8Array): void {
  if (isHeader(block)) return;
  const stored = tryNumber(block, USTAR.checksum);
  throw new LayerFault(
    "invalid-layer",
    `header checksum: expected ${headerChecksum(block)}, got ${stored ?? "no number"}`,
    { hint: "The layer is damaged, or is not a tar." },
  );
}

/** Whether a block is all zeros. Two such blocks end an archive. */
export function isZeroBlock(block: Uint8Array): boolean {
  for (let next = 0; next < BLOCK; next += 1) if (block[next] !== 0) return false;
  return true;
}
