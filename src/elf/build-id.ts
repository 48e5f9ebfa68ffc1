// SPDX-License-Identifier: MIT
import { fromBytes } from "../bytes/byte-string.ts";
import type { ElfHeader } from "./elf-header.ts";
import { readFields, type ElfBytes } from "./elf-bytes.ts";
import { SHT_NOTE, type Section } from "./sections.ts";
import { PT_NOTE, type Segment } from "./segments.ts";

const NT_GNU_BUILD_ID = 3;
/** Notes are some hundred bytes. What is larger is no note that names a build. */
const MOST_BYTES = 65_536;
const MOST_PLACES = 256;

/**
 * The build id in hexadecimal, which debuggers find separate symbols by; undefined when there is none.
 * Sections are looked at too: Go's linker leaves the note out of the segments.
 * @throws OciError `invalid-elf`
 */
export async function readBuildId(
  elf: ElfBytes,
  header: ElfHeader,
  segments: readonly Segment[],
  sections: readonly Section[],
): Promise<string | undefined> {
  const places = [
    ...segments.filter(({ type }) => type === PT_NOTE),
    ...sections.filter(({ type }) => type === SHT_NOTE),
  ];
  for (const { offset, length } of places.slice(0, MOST_PLACES)) {
    if (length > MOST_BYTES) continue;
    const notes = await readFields(elf, header, { offset, length }, "the notes");
    for (let at = 0; at + 12 <= length;) {
      const nameEnd = at + 12 + notes.u32(at);
      const from = aligned(nameEnd);
      const to = from + notes.u32(at + 4);
      if (to > length) break;
      const isGnu = fromBytes(notes.bytes(at + 12, nameEnd)) === "GNU\0";
      if (isGnu && notes.u32(at + 8) === NT_GNU_BUILD_ID) {
        return formatHex(notes.bytes(from, to));
      }
      at = aligned(to);
    }
  }
  return undefined;
}

function aligned(at: number): number {
  return Math.ceil(at / 4) * 4;
}

function formatHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
