// SPDX-License-Identifier: MIT
/**
 * The tar of a layer: a synchronous pushed parser with an async face, a deterministic writer,
 * whiteouts and names. Names are bytes; nothing in a header is lost. Pure: runs without Node.
 * @module
 */
export { composeEdits, type EntryEdit } from "./edit/edit-entry.ts";
export * from "./edit/edit-layer.ts";
export * from "./edit/edit-metadata.ts";
export * from "./edit/parse-mode-change.ts";
export * from "./edit/edit-paths.ts";
export * from "./entry.ts";
export * from "./parse/layer-parser.ts";
export * from "./write/layer-writer.ts";
export * from "./make-entry.ts";
export * from "./normalise-path.ts";
export * from "./read-layer.ts";
export * from "./whiteout.ts";
export * from "./write-layer.ts";
