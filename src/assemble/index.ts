// SPDX-License-Identifier: MIT
/**
 * A recipe in, an image out: layers copied entry by entry from artifact images and plain directories,
 * links, alternatives, configuration; reproducible, without root and without a temporary tree.
 * @module
 */
export * from "./assemble.ts";
export * from "./recipe/recipe.ts";
export * from "./result.ts";
