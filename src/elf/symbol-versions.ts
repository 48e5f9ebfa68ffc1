// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";
import type { ElfHeader } from "./elf-header.ts";
import { invalidElf, readFields, type ElfBytes, type Fields } from "./elf-bytes.ts";
import {
  DT_VERDEF,
  DT_VERDEFNUM,
  DT_VERNEED,
  DT_VERNEEDNUM,
  type DynamicSection,
} from "./dynamic-section.ts";

/** A version of symbols that an object needs from a library, as `GLIBC_2.38` of `libc.so.6`. */
export interface NeededVersion {
  /** The name of the library, one of the object's `needed`. */
  readonly library: ByteString;
  readonly version: ByteString;
  /** The loader warns and goes on when a weak one is absent. */
  readonly weak: boolean;
}

/** libc.so.6 of glibc 2.41 defines 45 versions, libstdc++ 60. */
const MOST_RECORDS = 16_384;
const VER_FLG_WEAK = 2;

/**
 * The versions that an object needs (Linux Standard Base, "Version Requirements").
 * @throws OciError `invalid-elf`
 */
export async function readNeededVersions(
  elf: ElfBytes,
  header: ElfHeader,
  dynamic: DynamicSection,
): Promise<readonly NeededVersion[]> {
  const table = openTable(dynamic, DT_VERNEED, DT_VERNEEDNUM);
  if (table === undefined) return [];
  const read = recordReader(elf, header);
  const versions: NeededVersion[] = [];
  for await (const { at, fields } of read({ ...table, next: 12 })) {
    const library = await dynamic.string(fields.u32(4));
    const names = { start: at + fields.u32(8), count: fields.u16(2), next: 12 };
    for await (const { fields: name } of read(names)) {
      const version = await dynamic.string(name.u32(8));
      versions.push({ library, version, weak: (name.u16(4) & VER_FLG_WEAK) !== 0 });
    }
  }
  return versions;
}

/**
 * The versions that an object defines; the first is the object's own name, if it defines any (Linux Standard
 * Base, "Version Definitions").
 * @throws OciError `invalid-elf`
 */
export async function readDefinedVersions(
  elf: ElfBytes,
  header: ElfHeader,
  dynamic: DynamicSection,
): Promise<readonly ByteString[]> {
  const table = openTable(dynamic, DT_VERDEF, DT_VERDEFNUM);
  if (table === undefined) return [];
  const read = recordReader(elf, header);
  const versions: ByteString[] = [];
  for await (const { at, fields } of read({ ...table, next: 16 })) {
    // The first name is the version; those after it are its parents, which the table has on their own.
    const names = { start: at + fields.u32(12), count: Math.min(1, fields.u16(6)), next: 4 };
    for await (const { fields: name } of read(names)) {
      versions.push(await dynamic.string(name.u32(0)));
    }
  }
  return versions;
}

/** A list of records, each of which names the distance to the next in its last four bytes. */
interface Records {
  readonly start: number;
  readonly count: number;
  /** Where in a record that distance is. */
  readonly next: number;
}

function openTable(
  dynamic: DynamicSection,
  tag: number,
  counted: number,
): Omit<Records, "next"> | undefined {
  const [address] = dynamic.values(tag);
  const [count] = dynamic.values(counted);
  if (address === undefined || count === undefined) return undefined;
  return { start: dynamic.locate(address, "the table of versions"), count };
}

interface VersionRecord {
  readonly at: number;
  readonly fields: Fields;
}

/** Reads lists of one object. What it reads in all is bounded, because lists may share records, or go in a circle. */
function recordReader(
  elf: ElfBytes,
  header: ElfHeader,
): (list: Records) => AsyncGenerator<VersionRecord, void, undefined> {
  let seen = 0;
  return async function* read({ start, count, next }) {
    for (let at = start, index = 0; index < count; index += 1) {
      seen += 1;
      if (seen > MOST_RECORDS) {
        throw invalidElf(`expected at most ${MOST_RECORDS} records of versions, got more`);
      }
      const place = { offset: at, length: next + 4 };
      const fields = await readFields(elf, header, place, "a record of versions");
      yield { at, fields };
      const distance = fields.u32(next);
      if (distance === 0) return;
      at += distance;
    }
  };
}
