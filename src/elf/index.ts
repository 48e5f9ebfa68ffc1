// SPDX-License-Identifier: MIT
/**
 * What an ELF file says about itself, read by ranges and never trusted. Pure: runs without Node.
 * @module
 */
export type { ElfBytes } from "./elf-bytes.ts";
export * from "./elf-header.ts";
export * from "./machine-flags.ts";
export * from "./read-elf.ts";
export type { NeededVersion } from "./symbol-versions.ts";
