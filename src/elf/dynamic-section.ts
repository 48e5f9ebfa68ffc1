// SPDX-License-Identifier: MIT
import { type ByteString, fromBytes } from "../bytes/byte-string.ts";
import type { ElfHeader } from "./elf-header.ts";
import { invalidElf, readFields, type ElfBytes } from "./elf-bytes.ts";
import { offsetOf, PT_DYNAMIC, type Segment } from "./segments.ts";

/** The dynamic section (System V ABI, "Dynamic Section"): its entries by tag, and the strings that they name. */
export interface DynamicSection {
  /** The values of a tag, in order. */
  values(tag: number): readonly number[];
  /** The string at an offset into the string table. @throws OciError `invalid-elf` */
  string(at: number): Promise<ByteString>;
  /** Where an address is in the object. @throws OciError `invalid-elf` when nowhere */
  locate(address: number, what: string): number;
}

export const DT_NEEDED = 1;
export const DT_STRTAB = 5;
export const DT_STRSZ = 10;
export const DT_SONAME = 14;
export const DT_RPATH = 15;
export const DT_RUNPATH = 29;
export const DT_FLAGS_1 = 0x6ffffffb;
export const DT_VERDEF = 0x6ffffffc;
export const DT_VERDEFNUM = 0x6ffffffd;
export const DT_VERNEED = 0x6ffffffe;
export const DT_VERNEEDNUM = 0x6fffffff;

/** Real dynamic sections have some forty entries. */
const MOST_ENTRIES = 65_536;
/** Longer than any path that a loader could open. */
const LONGEST_STRING = 65_536;

/** Undefined when the object has none: it is static, or no program. @throws OciError `invalid-elf` */
export async function readDynamicSection(
  elf: ElfBytes,
  header: ElfHeader,
  segments: readonly Segment[],
): Promise<DynamicSection | undefined> {
  const segment = segments.find(({ type }) => type === PT_DYNAMIC);
  if (segment === undefined) return undefined;
  const entries = await readEntries(elf, header, segment);
  const values = (tag: number): readonly number[] => entries.get(tag) ?? [];
  const locate = (address: number, what: string): number => {
    const offset = offsetOf(segments, address);
    if (offset !== undefined) return offset;
    throw invalidElf(`expected ${what} in a loaded segment, got address 0x${address.toString(16)}`);
  };
  const [table] = values(DT_STRTAB);
  const [size] = values(DT_STRSZ);
  const string = async (at: number): Promise<ByteString> => {
    if (table === undefined || size === undefined || at >= size) {
      throw invalidElf(`expected a string at ${at} of the string table, got ${size ?? "no"} bytes`);
    }
    return readString(elf, locate(table, "the string table") + at, size - at);
  };
  return { values, string, locate };
}

async function readEntries(
  elf: ElfBytes,
  header: ElfHeader,
  { offset, length }: Segment,
): Promise<ReadonlyMap<number, readonly number[]>> {
  const width = header.class === 64 ? 8 : 4;
  if (length > MOST_ENTRIES * 2 * width) {
    throw invalidElf(`expected at most ${MOST_ENTRIES} dynamic entries, got ${length} bytes`);
  }
  const fields = await readFields(elf, header, { offset, length }, "the dynamic section");
  const entries = new Map<number, number[]>();
  for (let at = 0; at + 2 * width <= length; at += 2 * width) {
    const tag = fields.u32(header.endian === "little" || width === 4 ? at : at + 4);
    if (tag === 0) break;
    // Only the tags below are asked for; a value of another may be any 64-bit number.
    if (!TAGS.has(tag)) continue;
    const value = fields.word(at + width);
    const known = entries.get(tag);
    if (known === undefined) entries.set(tag, [value]);
    else known.push(value);
  }
  return entries;
}

const TAGS: ReadonlySet<number> = new Set([
  DT_NEEDED,
  DT_STRTAB,
  DT_STRSZ,
  DT_SONAME,
  DT_RPATH,
  DT_RUNPATH,
  DT_FLAGS_1,
  DT_VERDEF,
  DT_VERDEFNUM,
  DT_VERNEED,
  DT_VERNEEDNUM,
]);

const FIRST_PIECE = 256;

/** Reads up to the first NUL. @throws OciError `invalid-elf` when there is none within `most` bytes */
export async function readString(elf: ElfBytes, offset: number, most: number): Promise<ByteString> {
  const available = Math.min(most, elf.size - offset, LONGEST_STRING);
  for (let length = FIRST_PIECE; ; length *= 8) {
    const piece = Math.max(0, Math.min(length, available));
    const bytes = piece === 0 ? new Uint8Array() : await elf.read(offset, piece);
    const end = bytes.indexOf(0);
    if (end >= 0) return fromBytes(bytes.subarray(0, end));
    if (piece === available || piece <= 0) {
      throw invalidElf(
        `expected the string at ${offset} to end, got none within ${available} bytes`,
      );
    }
  }
}
