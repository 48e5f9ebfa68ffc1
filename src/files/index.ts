// SPDX-License-Identifier: MIT
/**
 * Files and directories of this machine: reading them as a source, writing and replacing them durably,
 * locking and removing them.
 * @module
 */
export * from "./lock.ts";
export * from "./regular-file.ts";
export { makeDirectories } from "./make-directories.ts";
export { removeTree } from "./remove-tree.ts";
export { replaceDurably, type ReplaceDurablyOptions } from "./replace-durably.ts";
export { fileError, reading, stdoutError } from "./system-error.ts";
export { findOutput, type OutputPlace } from "./output/output-place.ts";
export { isStandardOutput } from "./output/standard-output.ts";
export { writeOutput, writeStandardOutput } from "./write-output.ts";
