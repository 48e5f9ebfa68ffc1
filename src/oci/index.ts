// SPDX-License-Identifier: MIT
/**
 * The OCI specifications as types: digests, references, descriptors, manifests, indexes, configs,
 * platforms, limits and the one error class. Pure: runs without Node.
 * @module
 */
export * from "./descriptor.ts";
export * from "./digest.ts";
export * from "./document.ts";
export * from "./errors.ts";
export * from "./image-config.ts";
export * from "./image-index.ts";
export * from "./json.ts";
export * from "./limits.ts";
export * from "./manifest.ts";
export * from "./media-types.ts";
export * from "./parse-documents.ts";
export * from "./platform.ts";
export * from "./reference.ts";
