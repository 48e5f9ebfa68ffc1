// SPDX-License-Identifier: MIT
import { ELF_HEADER_BYTES, type ElfHeader } from "./elf-header.ts";
import { fieldsOf, invalidElf, readFields, type ElfBytes, type Fields } from "./elf-bytes.ts";

/** A part of the object, as a program header (System V ABI, "Program Header") describes it. */
export interface Segment {
  /** p_type. */
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  /** Bytes in the object. */
  readonly length: number;
}

/** Where the tables of an object are, and its flags: the rest of the header. */
export interface Tables {
  /** e_flags: its meaning depends on the machine. */
  readonly flags: number;
  readonly programs: Table;
  readonly sections: Table;
}

interface Table {
  readonly offset: number;
  readonly count: number;
  readonly entrySize: number;
}

export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_INTERP = 3;
export const PT_NOTE = 4;

/** Objects of real programs have about a dozen. 0xffff would mean that the number stands elsewhere. */
const MOST_SEGMENTS = 1024;

/** Reads the rest of an object's header. @throws OciError `invalid-elf` */
export async function readTables(elf: ElfBytes, header: ElfHeader): Promise<Tables> {
  const wide = header.class === 64;
  const length = wide ? ELF_HEADER_BYTES : 52;
  const fields = await readFields(elf, header, { offset: 0, length }, "a header");
  const rest = wide ? 48 : 36;
  return {
    flags: fields.u32(rest),
    programs: {
      offset: fields.word(wide ? 32 : 28),
      entrySize: fields.u16(rest + 6),
      count: fields.u16(rest + 8),
    },
    sections: {
      offset: fields.word(wide ? 40 : 32),
      entrySize: fields.u16(rest + 10),
      count: fields.u16(rest + 12),
    },
  };
}

/** @throws OciError `invalid-elf` */
export async function readSegments(
  elf: ElfBytes,
  header: ElfHeader,
  { programs: { offset, count, entrySize } }: Tables,
): Promise<readonly Segment[]> {
  if (count === 0) return [];
  const least = header.class === 64 ? 56 : 32;
  if (count > MOST_SEGMENTS || entrySize < least) {
    throw invalidElf(
      `expected at most ${MOST_SEGMENTS} program headers of at least ${least} bytes, got ${count} of ${entrySize}`,
    );
  }
  const place = { offset, length: count * entrySize };
  const fields = await readFields(elf, header, place, "the program headers");
  return Array.from({ length: count }, (_, index) => {
    const at = index * entrySize;
    return segmentOf(fieldsOf(fields.bytes(at, at + entrySize), header), header);
  });
}

function segmentOf(fields: Fields, header: ElfHeader): Segment {
  const wide = header.class === 64;
  return {
    type: fields.u32(0),
    offset: fields.word(wide ? 8 : 4),
    address: fields.word(wide ? 16 : 8),
    length: fields.word(wide ? 32 : 16),
  };
}

/** Where in the object an address is stored; undefined for an address that no segment brings from it. */
export function offsetOf(segments: readonly Segment[], address: number): number | undefined {
  const segment = segments.find(
    ({ type, address: start, length }) =>
      type === PT_LOAD && address >= start && address < start + length,
  );
  return segment && segment.offset + (address - segment.address);
}
