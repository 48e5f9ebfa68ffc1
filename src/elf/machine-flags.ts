// SPDX-License-Identifier: MIT
import { elfArchitecture, type ElfHeader } from "./elf-header.ts";

/** What e_flags say of an object's calling convention. Objects whose convention differs can't call each other. */
export interface MachineFlags {
  /** How floating-point arguments are passed; undefined where the flags do not say it. */
  readonly floatAbi: "soft" | "single" | "double" | "quad" | "hard" | undefined;
  /** The flags in words, as `double-float ABI, compressed instructions`. Empty when there is nothing to say. */
  readonly words: readonly string[];
}

const RISCV_COMPRESSED = 0x1;
const RISCV_FLOAT = ["soft", "single", "double", "quad"] as const;
const RISCV_EMBEDDED = 0x8;
const RISCV_TOTAL_STORE_ORDER = 0x10;
const ARM_SOFT_FLOAT = 0x200;
const ARM_HARD_FLOAT = 0x400;

/**
 * The meaning of an object's flags (RISC-V ELF psABI, "File Header"; ELF for the Arm Architecture, "ELF
 * Header"). Machines other than these say nothing here.
 */
export function describeFlags(header: ElfHeader, flags: number): MachineFlags {
  switch (elfArchitecture(header)) {
    case "riscv":
    case "riscv64":
      return describeRiscv(flags);
    case "arm":
    case "armbe":
      return describeArm(flags);
    default:
      return { floatAbi: undefined, words: [] };
  }
}

function describeRiscv(flags: number): MachineFlags {
  const floatAbi = RISCV_FLOAT[(flags >> 1) & 3] ?? "soft";
  const words = [
    `${floatAbi}-float ABI`,
    ...((flags & RISCV_COMPRESSED) === 0 ? [] : ["compressed instructions"]),
    ...((flags & RISCV_EMBEDDED) === 0 ? [] : ["16 registers"]),
    ...((flags & RISCV_TOTAL_STORE_ORDER) === 0 ? [] : ["total store ordering"]),
  ];
  return { floatAbi, words };
}

function describeArm(flags: number): MachineFlags {
  const floatAbi =
    (flags & ARM_HARD_FLOAT) !== 0 ? "hard" : (flags & ARM_SOFT_FLOAT) !== 0 ? "soft" : undefined;
  const version = flags >>> 24;
  const words = [
    ...(version === 0 ? [] : [`EABI ${version}`]),
    ...(floatAbi === undefined ? [] : [`${floatAbi}-float ABI`]),
  ];
  return { floatAbi, words };
}
