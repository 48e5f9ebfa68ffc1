// SPDX-License-Identifier: MIT
/**
 * `oci-kit.yaml`: finding the file, reading it with positions for error messages, checking it, expanding it
 * for an architecture into the values that library functions take, and its JSON Schema.
 * @module
 */
export { accessFile, parseAccessFile } from "./access-file.ts";
export * from "./configuration.ts";
export * from "./recipe/configuration-to-recipe.ts";
export * from "./expected-links.ts";
export * from "./find-configuration.ts";
export * from "./load-configuration.ts";
export * from "./output-directory.ts";
export * from "./recipe/recipe-from-flags.ts";
export { configuredPolicies } from "./policies/configured-policies.ts";
export { configurationJsonSchema, type ConfigurationDocument } from "./schema.ts";
export { configurationToChain } from "./stages/configuration-to-chain.ts";
export { shortPathFrom } from "./short-path.ts";
