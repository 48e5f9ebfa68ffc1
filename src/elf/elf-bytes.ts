// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";
import type { ElfHeader } from "./elf-header.ts";

/** An object as this module reads it: by ranges, so that a library of 200 MB costs some kilobytes. */
export interface ElfBytes {
  readonly size: number;
  /** Exactly `length` bytes from `offset`. Only called for ranges inside `size`. */
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>;
}

/** A part of an object: its numbers in the object's byte order and width. */
export interface Fields {
  readonly length: number;
  u8(at: number): number;
  u16(at: number): number;
  u32(at: number): number;
  /** A number as wide as the object's addresses. @throws OciError `invalid-elf` above 2^53 */
  word(at: number): number;
  bytes(from: number, to: number): Uint8Array;
}

/** @throws OciError `invalid-elf` */
export function invalidElf(what: string): OciError {
  return new OciError("invalid-elf", `ELF object: ${what}`);
}

/**
 * Reads a part of an object.
 * @param what names the part in errors: "the section headers"
 * @throws OciError `invalid-elf` when it does not lie inside the object
 */
export async function readFields(
  elf: ElfBytes,
  header: ElfHeader,
  { offset, length }: { readonly offset: number; readonly length: number },
  what: string,
): Promise<Fields> {
  if (offset + length > elf.size) {
    throw invalidElf(
      `expected ${what} inside its ${elf.size} bytes, got ${length} bytes at ${offset}`,
    );
  }
  const bytes = length === 0 ? new Uint8Array() : await elf.read(offset, length);
  return fieldsOf(bytes, header);
}

/** The numbers in bytes that were read before. Reading beyond them is `invalid-elf`. */
export function fieldsOf(bytes: Uint8Array, header: ElfHeader): Fields {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = header.endian === "little";
  const within = (at: number, width: number): number => {
    if (at < 0 || at + width > bytes.length) {
      throw invalidElf(`expected ${width} bytes at ${at} of a part, got ${bytes.length} in all`);
    }
    return at;
  };
  const wide = (at: number): number => {
    const value = view.getBigUint64(within(at, 8), little);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw invalidElf(`expected offsets, addresses and sizes below 2^53, got ${value}`);
    }
    return Number(value);
  };
  return {
    length: bytes.length,
    u8: (at) => view.getUint8(within(at, 1)),
    u16: (at) => view.getUint16(within(at, 2), little),
    u32: (at) => view.getUint32(within(at, 4), little),
    word: header.class === 64 ? wide : (at) => view.getUint32(within(at, 4), little),
    bytes: (from, to) => bytes.subarray(within(from, to - from), to),
  };
}
