// SPDX-License-Identifier: MIT
/**
 * The tar of a layer: a synchronous pushed parser with an async face, a deterministic writer,
 * whiteouts and names. Names are bytes; nothing in a header is lost. Pure: runs without Node.
 * @module
 */
export { composeEdits, type EntryEdit } from "./edit-entry.ts";
export * from "./edit-layer.ts";
export * from "./edit-metadata.ts";
export * from "./edit-mode.ts";
export * from "./edit-paths.ts";
export * from "./entry.ts";
export * from "./layer-parser.ts";
export * from "./layer-writer.ts";
export * from "./make-entry.ts";
export * from "./normalise.ts";
export * from "./read-layer.ts";
export * from "./whiteout.ts";
export * from "./write-layer.ts";
