// SPDX-License-Identifier: MIT
/**
 * A family of images: its tags, what its images record of where they came from, and the push of a
 * multi-architecture index through the gates that keep it whole.
 * @module
 */
export * from "./child.ts";
export * from "./gates.ts";
export * from "./gather-children.ts";
export * from "./plan-push.ts";
export * from "./provenance.ts";
export * from "./published.ts";
export * from "./push-index.ts";
export * from "./tag-names.ts";
