// SPDX-License-Identifier: MIT
/**
 * `oci-kit.yaml`: found, read with positions for errors, checked, expanded for an architecture into the
 * typed values that library functions take; its JSON Schema.
 * @module
 */
export * from "./configuration.ts";
export * from "./configuration-to-recipe.ts";
export * from "./expected-links.ts";
export * from "./find-configuration.ts";
export * from "./load-configuration.ts";
export * from "./output-directory.ts";
export * from "./recipe-from-flags.ts";
export { configurationJsonSchema, type ConfigurationDocument } from "./schema.ts";
export { shortPathFrom } from "./short-path.ts";
