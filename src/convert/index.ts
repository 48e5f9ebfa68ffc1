// SPDX-License-Identifier: MIT
/**
 * Images to directories and back: unpack, pack, exact layers, and a store that converts each image once.
 * @module
 */
export * from "./append-to-reference.ts";
export * from "./artifact/artifact-files.ts";
export * from "./artifact/pull-artifact.ts";
export * from "./artifact/push-artifact.ts";
export * from "./kept/conversions.ts";
export { openLayerDirectory, type LayerDirectoryOptions } from "./layer-directory.ts";
export { packDirectory } from "./pack/pack-directory.ts";
export * from "./pack/pack-options.ts";
export * from "./pack/pack-to-reference.ts";
export * from "./unpack/unpack-options.ts";
export * from "./unpack/unpack-reference.ts";
export { unpack } from "./unpack/unpack.ts";
