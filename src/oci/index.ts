// SPDX-License-Identifier: MIT
/**
 * The OCI specifications as types: digests, references, descriptors, manifests, indexes, configs,
 * platforms, limits and the one error class. Pure: runs without Node.
 * @module
 */
export * from "./annotations.ts";
export * from "./documents/descriptor.ts";
export * from "./digest.ts";
export * from "./documents/document.ts";
export * from "./errors.ts";
export type { Finding } from "./finding.ts";
export * from "./documents/image-config.ts";
export * from "./documents/image-index.ts";
export * from "./json.ts";
export * from "./known-platforms.ts";
export * from "./limits.ts";
export * from "./documents/manifest.ts";
export * from "./media-types.ts";
export * from "./near-miss.ts";
export * from "./documents/parse-documents.ts";
export * from "./platform.ts";
export * from "./reference.ts";
export * from "./quote.ts";
