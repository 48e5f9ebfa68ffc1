// SPDX-License-Identifier: MIT
import { fromBytes, type ByteString } from "../../bytes/byte-string.ts";
import { ELF_HEADER_BYTES } from "../../elf/elf-header.ts";

/** How many of a file's first bytes {@link headOf} looks at: as many as Linux reads for a `#!` line. */
export const HEAD_BYTES = 256;

const NEWLINE = 0x0a;

/**
 * The value of {@link Node.head}, from a file's first {@link HEAD_BYTES} bytes (or all, if it is shorter):
 * the first 64 bytes of an ELF object, a script's `#!` line without its newline, otherwise undefined.
 */
export function headOf(first: Uint8Array): ByteString | undefined {
  if (startsWith(first, 0x7f, 0x45, 0x4c, 0x46)) {
    return fromBytes(first, 0, Math.min(first.length, ELF_HEADER_BYTES));
  }
  if (!startsWith(first, 0x23, 0x21)) return undefined;
  const newline = first.indexOf(NEWLINE);
  return fromBytes(first, 0, Math.min(newline < 0 ? first.length : newline, HEAD_BYTES));
}

function startsWith(bytes: Uint8Array, ...magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}
