// SPDX-License-Identifier: MIT
/**
 * Makes an image from a recipe: layers copied entry by entry from artifact images and plain directories,
 * links, alternatives, configuration. Reproducible, without root and without a temporary tree.
 * @module
 */
export * from "./assemble.ts";
export * from "./assemble-to-reference.ts";
export * from "./recipe/recipe.ts";
export * from "./assemble-options.ts";
export * from "./inputs/current-inputs.ts";
