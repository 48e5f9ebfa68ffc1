// SPDX-License-Identifier: MIT
/**
 * Files and directories of this machine: read as a source, written and replaced durably, locked, removed.
 * @module
 */
export * from "./lock.ts";
export * from "./regular-file.ts";
export { removeTree } from "./remove-tree.ts";
export { replaceDurably, type ReplaceDurablyOptions } from "./replace-durably.ts";
export { fileError, stdoutError } from "./system-error.ts";
export { writeOutput, writeStandardOutput } from "./write-output.ts";
