// SPDX-License-Identifier: MIT
/**
 * What an ELF file says about itself, read from its first bytes and never trusted. Pure: runs without Node.
 * @module
 */
export * from "./elf-header.ts";
