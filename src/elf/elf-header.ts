// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";
import { OciError } from "../oci/errors.ts";

/** What the first bytes of an ELF object say (System V ABI, "ELF Header"). */
export interface ElfHeader {
  readonly class: 32 | 64;
  readonly endian: "little" | "big";
  /** e_type: 1 relocatable, 2 executable, 3 shared object or position-independent executable, 4 core. */
  readonly type: number;
  /** e_machine. */
  readonly machine: number;
}

/** How many bytes of a file {@link readElfHeader} needs at most. */
export const ELF_HEADER_BYTES = 64;

const SHORTEST = 20;
const MAGIC = [0x7f, 0x45, 0x4c, 0x46];

const MAGIC_TEXT = String.fromCharCode(...MAGIC);

/** Whether a file starts as an ELF object does: `head` is its first bytes, where they are known. */
export function hasElfMagic(head: ByteString | undefined): boolean {
  return head?.startsWith(MAGIC_TEXT) === true;
}

interface Machine {
  readonly machine: number;
  readonly class: 32 | 64;
  readonly endian: "little" | "big";
}

// e_machine of the System V ABI's registry, by the architecture names of GOARCH (image-spec, config.md)
const MACHINES: ReadonlyMap<string, Machine> = new Map<string, Machine>([
  ["386", { machine: 3, class: 32, endian: "little" }],
  ["amd64", { machine: 62, class: 64, endian: "little" }],
  ["arm", { machine: 40, class: 32, endian: "little" }],
  ["arm64", { machine: 183, class: 64, endian: "little" }],
  ["arm64be", { machine: 183, class: 64, endian: "big" }],
  ["armbe", { machine: 40, class: 32, endian: "big" }],
  ["loong64", { machine: 258, class: 64, endian: "little" }],
  ["mips", { machine: 8, class: 32, endian: "big" }],
  ["mipsle", { machine: 8, class: 32, endian: "little" }],
  ["mips64", { machine: 8, class: 64, endian: "big" }],
  ["mips64le", { machine: 8, class: 64, endian: "little" }],
  ["ppc", { machine: 20, class: 32, endian: "big" }],
  ["ppc64", { machine: 21, class: 64, endian: "big" }],
  ["ppc64le", { machine: 21, class: 64, endian: "little" }],
  ["riscv", { machine: 243, class: 32, endian: "little" }],
  ["riscv64", { machine: 243, class: 64, endian: "little" }],
  ["s390", { machine: 22, class: 32, endian: "big" }],
  ["s390x", { machine: 22, class: 64, endian: "big" }],
  ["sparc64", { machine: 43, class: 64, endian: "big" }],
]);

/**
 * The header of an ELF object, from its first {@link ELF_HEADER_BYTES} bytes (20 are enough). Only the fields
 * at fixed positions are read, so a hostile file can't lead the reader anywhere. Undefined when the bytes
 * don't start with ELF's magic number.
 * @throws OciError `invalid-elf` when they do, but no valid header follows
 */
export function readElfHeader(bytes: Uint8Array): ElfHeader | undefined {
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) return undefined;
  if (bytes.length < SHORTEST) {
    throw invalid(`expected at least ${SHORTEST} bytes, got ${bytes.length}`);
  }
  const [elfClass, data, version] = bytes.subarray(4, 7);
  if (elfClass !== 1 && elfClass !== 2)
    throw invalid(`expected class 1 or 2, got ${elfClass ?? "none"}`);
  if (data !== 1 && data !== 2)
    throw invalid(`expected data encoding 1 or 2, got ${data ?? "none"}`);
  if (version !== 1) throw invalid(`expected version 1, got ${version ?? "none"}`);
  const little = data === 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    class: elfClass === 1 ? 32 : 64,
    endian: little ? "little" : "big",
    type: view.getUint16(16, little),
    machine: view.getUint16(18, little),
  };
}

function invalid(what: string): OciError {
  return new OciError("invalid-elf", `ELF header: ${what}`);
}

/** The architecture of the object's code, by the name that image configurations use; undefined when it is unknown. */
export function elfArchitecture(header: ElfHeader): string | undefined {
  for (const [architecture, machine] of MACHINES) {
    if (
      machine.machine === header.machine &&
      machine.class === header.class &&
      machine.endian === header.endian
    ) {
      return architecture;
    }
  }
  return undefined;
}

/** Whether the object holds code for an architecture (`amd64`, `arm64`, `riscv64`, …); false when its name is unknown here. */
export function elfMatches(header: ElfHeader, architecture: string): boolean {
  return MACHINES.has(architecture) && elfArchitecture(header) === architecture;
}

/** Whether {@link elfMatches} knows this architecture. */
export function isElfArchitecture(architecture: string): boolean {
  return MACHINES.has(architecture);
}

/**
 * Whether the object can be run: an executable, or a position-independent executable, which looks like a
 * shared object.
 */
export function isElfExecutable(header: ElfHeader): boolean {
  return header.type === 2 || header.type === 3;
}

/** The machine as people know it: `riscv64`; an unknown machine by its number. */
export function formatElf(header: ElfHeader): string {
  return (
    elfArchitecture(header) ??
    `machine ${header.machine} (${header.class}-bit, ${header.endian}-endian)`
  );
}
