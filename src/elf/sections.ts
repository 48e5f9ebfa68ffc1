// SPDX-License-Identifier: MIT
import type { ElfHeader } from "./elf-header.ts";
import { fieldsOf, invalidElf, readFields, type ElfBytes } from "./elf-bytes.ts";
import type { Tables } from "./segments.ts";

/** A section header (System V ABI, "Section Header"), as far as it is used here. */
export interface Section {
  /** sh_type. */
  readonly type: number;
  readonly offset: number;
  readonly length: number;
}

/** The symbols that a debugger wants and a loader does not; `strip` removes them. */
export const SHT_SYMTAB = 2;
export const SHT_NOTE = 7;
/** Objects made with a section for each function have some hundred thousand. */
const MOST_SECTIONS = 262_144;

/**
 * The sections of an object; none when it was stripped of their headers too. A loader never looks at them,
 * so a program with none runs all the same.
 * @throws OciError `invalid-elf`
 */
export async function readSections(
  elf: ElfBytes,
  header: ElfHeader,
  { sections: { offset, count, entrySize } }: Tables,
): Promise<readonly Section[]> {
  if (offset === 0) return [];
  const least = header.class === 64 ? 64 : 40;
  if (entrySize < least) {
    throw invalidElf(`expected section headers of at least ${least} bytes, got ${entrySize}`);
  }
  const what = "the section headers";
  // With 65,280 sections and more, the number stands in the first one ("Special Sections").
  const first = await readFields(elf, header, { offset, length: entrySize }, what);
  const all = count === 0 ? first.word(header.class === 64 ? 32 : 20) : count;
  if (all > MOST_SECTIONS) {
    throw invalidElf(`expected at most ${MOST_SECTIONS} section headers, got ${all}`);
  }
  const fields = await readFields(elf, header, { offset, length: all * entrySize }, what);
  return Array.from({ length: all }, (_, index) => {
    const at = index * entrySize;
    const section = fieldsOf(fields.bytes(at, at + entrySize), header);
    return {
      type: section.u32(4),
      offset: section.word(header.class === 64 ? 24 : 16),
      length: section.word(header.class === 64 ? 32 : 20),
    };
  });
}
