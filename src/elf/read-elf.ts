// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";
import { readBuildId } from "./build-id.ts";
import {
  DT_FLAGS_1,
  DT_NEEDED,
  DT_RPATH,
  DT_RUNPATH,
  DT_SONAME,
  readDynamicSection,
  readString,
  type DynamicSection,
} from "./dynamic-section.ts";
import type { ElfBytes } from "./elf-bytes.ts";
import { ELF_HEADER_BYTES, readElfHeader, type ElfHeader } from "./elf-header.ts";
import { readSections, SHT_SYMTAB } from "./sections.ts";
import { PT_INTERP, readSegments, readTables, type Segment } from "./segments.ts";
import { readDefinedVersions, readNeededVersions, type NeededVersion } from "./symbol-versions.ts";

/** What an object says of how it wants to be loaded and run. */
export interface ElfObject extends ElfHeader {
  /** e_flags; see `describeFlags`. */
  readonly flags: number;
  /** The program that loads it, as `/lib64/ld-linux-x86-64.so.2`; undefined for a library or a static program. */
  readonly interpreter: ByteString | undefined;
  /** Whether it has a dynamic section. Without one, nothing is loaded beside it. */
  readonly dynamic: boolean;
  /** Its name for others that need it. */
  readonly soname: ByteString | undefined;
  /** The libraries that it needs, in the loader's order: names, or paths where they have a `/`. */
  readonly needed: readonly ByteString[];
  /** Where its libraries are looked for, `:`-separated parts apart. Ignored where there is a {@link runPath}. */
  readonly rPath: readonly ByteString[];
  readonly runPath: readonly ByteString[];
  /** Whether the loader's cache and default directories are left out (`-z nodefaultlib`). */
  readonly noDefaultLibraries: boolean;
  readonly neededVersions: readonly NeededVersion[];
  readonly definedVersions: readonly ByteString[];
  /** Whether it still has the symbols that `strip` removes. */
  readonly symbolTable: boolean;
  readonly buildId: string | undefined;
}

const DF_1_NODEFLIB = 0x800;
/** Linux refuses a longer one (PATH_MAX). */
const LONGEST_INTERPRETER = 4096;

/**
 * Reads an object by ranges: some kilobytes whatever its size. Nothing in it is trusted: every offset is
 * checked, every list is bounded. Undefined when it does not start with ELF's magic number.
 * @throws OciError `invalid-elf`; what `elf.read` throws
 */
export async function readElf(elf: ElfBytes): Promise<ElfObject | undefined> {
  if (elf.size === 0) return undefined;
  const head = await elf.read(0, Math.min(elf.size, ELF_HEADER_BYTES));
  const header = readElfHeader(head);
  if (header === undefined) return undefined;
  const tables = await readTables(elf, header);
  const segments = await readSegments(elf, header, tables);
  const dynamic = await readDynamicSection(elf, header, segments);
  const sections = await readSections(elf, header, tables);
  return {
    ...header,
    flags: tables.flags,
    interpreter: await readInterpreter(elf, segments),
    dynamic: dynamic !== undefined,
    ...(dynamic === undefined ? STATIC : await readNames(elf, header, dynamic)),
    symbolTable: sections.some(({ type }) => type === SHT_SYMTAB),
    buildId: await readBuildId(elf, header, segments, sections),
  };
}

type Names = Omit<
  ElfObject,
  keyof ElfHeader | "flags" | "interpreter" | "dynamic" | "symbolTable" | "buildId"
>;

const STATIC: Names = Object.freeze({
  soname: undefined,
  needed: [],
  rPath: [],
  runPath: [],
  noDefaultLibraries: false,
  neededVersions: [],
  definedVersions: [],
});

async function readInterpreter(
  elf: ElfBytes,
  segments: readonly Segment[],
): Promise<ByteString | undefined> {
  const segment = segments.find(({ type }) => type === PT_INTERP);
  return segment && readString(elf, segment.offset, Math.min(segment.length, LONGEST_INTERPRETER));
}

async function readNames(
  elf: ElfBytes,
  header: ElfHeader,
  dynamic: DynamicSection,
): Promise<Names> {
  const strings = async (tag: number): Promise<readonly ByteString[]> => {
    const found: ByteString[] = [];
    for (const at of dynamic.values(tag)) found.push(await dynamic.string(at));
    return found;
  };
  const paths = async (tag: number): Promise<readonly ByteString[]> => {
    const [path] = await strings(tag);
    return path === undefined || path === "" ? [] : (path.split(":") as ByteString[]);
  };
  const [flags = 0] = dynamic.values(DT_FLAGS_1);
  const [soname] = await strings(DT_SONAME);
  return {
    soname,
    needed: await strings(DT_NEEDED),
    rPath: await paths(DT_RPATH),
    runPath: await paths(DT_RUNPATH),
    noDefaultLibraries: (flags & DF_1_NODEFLIB) !== 0,
    neededVersions: await readNeededVersions(elf, header, dynamic),
    definedVersions: await readDefinedVersions(elf, header, dynamic),
  };
}
