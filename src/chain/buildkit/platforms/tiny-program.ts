// SPDX-License-Identifier: MIT
import type { Platform } from "../../../oci/platform.ts";

interface Machine {
  /** e_machine of the ELF header. */
  readonly id: number;
  readonly bits: 32 | 64;
  readonly flags?: number;
  readonly isBigEndian?: boolean;
  /** Instructions that make the system call exit(0), in hexadecimal. */
  readonly exit: string;
}

const MACHINES: Readonly<Record<string, Machine>> = {
  amd64: { id: 62, bits: 64, exit: "31ff b83c000000 0f05" },
  "386": { id: 3, bits: 32, exit: "31db b801000000 cd80" },
  arm64: { id: 183, bits: 64, exit: "000080d2 a80b80d2 010000d4" },
  arm: { id: 40, bits: 32, flags: 0x05000000, exit: "0000a0e3 0170a0e3 000000ef" },
  riscv64: { id: 243, bits: 64, flags: 4, exit: "13050000 9308d005 73000000" },
  ppc64le: { id: 21, bits: 64, flags: 2, exit: "01000038 00006038 02000044" },
  s390x: { id: 22, bits: 64, isBigEndian: true, exit: "a7290000 0a01" },
  loong64: { id: 258, bits: 64, flags: 0x43, exit: "04001500 0b748103 00002b00" },
};

const BASE = 0x10000;

/**
 * A static ELF program of some 130 bytes that does nothing but end with status 0. Whoever can run it can run programs
 * of its platform.
 * @returns undefined for a platform that there is no such program for
 */
export function tinyProgram({ os, architecture }: Platform): Uint8Array | undefined {
  const machine = MACHINES[architecture];
  if (os !== "linux" || machine === undefined) return undefined;
  const code = Buffer.from(machine.exit.replaceAll(" ", ""), "hex");
  const [header, segment] = machine.bits === 64 ? [64, 56] : [52, 32];
  const start = header + segment;
  const bytes = new Uint8Array(start + code.length);
  writeHeader(new DataView(bytes.buffer), machine, header, segment);
  writeSegment(new DataView(bytes.buffer, header), machine, bytes.length);
  bytes.set(code, start);
  return bytes;
}

/** The ELF header (elf(5), Elf32_Ehdr and Elf64_Ehdr). */
function writeHeader(view: DataView, machine: Machine, header: number, segment: number): void {
  const { little, address, width } = shapeOf(machine, view);
  view.setUint32(0, 0x7f454c46);
  [machine.bits / 32, little ? 1 : 2, 1].forEach((value, at) => view.setUint8(4 + at, value));
  view.setUint16(16, 2, little); // ET_EXEC
  view.setUint16(18, machine.id, little);
  view.setUint32(20, 1, little);
  address(24, BASE + header + segment); // e_entry
  address(24 + width, header); // e_phoff
  const rest = 24 + 3 * width;
  view.setUint32(rest, machine.flags ?? 0, little);
  [header, segment, 1].forEach((value, at) => view.setUint16(rest + 4 + 2 * at, value, little));
}

/** One segment with the whole file, readable and executable (elf(5), Elf32_Phdr and Elf64_Phdr). */
function writeSegment(view: DataView, machine: Machine, size: number): void {
  const { little, address, width } = shapeOf(machine, view);
  view.setUint32(0, 1, little); // PT_LOAD
  view.setUint32(machine.bits === 64 ? 4 : 24, 5, little); // PF_R and PF_X
  const first = machine.bits === 64 ? 8 : 4;
  [0, BASE, BASE, size, size].forEach((value, at) => address(first + at * width, value));
  address(machine.bits === 64 ? 48 : 28, BASE);
}

function shapeOf(
  { bits, isBigEndian = false }: Machine,
  view: DataView,
): {
  readonly little: boolean;
  readonly width: number;
  readonly address: (at: number, value: number) => void;
} {
  const little = !isBigEndian;
  const address = (at: number, value: number): void =>
    bits === 64 ? view.setBigUint64(at, BigInt(value), little) : view.setUint32(at, value, little);
  return { little, width: bits / 8, address };
}
