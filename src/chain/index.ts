// SPDX-License-Identifier: MIT
/**
 * The chain of stages of an image family: what a stage is made of, and whether that changed.
 * @module
 */
export * from "./context/content/context-list.ts";
export * from "./context/content/file-memory.ts";
export * from "./context/content/hash-context.ts";
export * from "./context/ignore/ignore-matcher.ts";
export * from "./context/ignore/open-ignore-file.ts";
export * from "./context/ignore/read-ignore-file.ts";
export * from "./context/walk/context-entry.ts";
export * from "./context/walk/context-size.ts";
export * from "./context/walk/saved-export.ts";
export * from "./context/walk/walk-context.ts";
export * from "./context/content/kept-lists.ts";
export * from "./context/dockerfile/read-dockerfile.ts";
export * from "./context/key/explain-inputs.ts";
export * from "./context/key/format-difference.ts";
export * from "./context/key/input-key.ts";
export * from "./context/key/input-record.ts";
