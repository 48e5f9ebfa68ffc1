// SPDX-License-Identifier: MIT
/**
 * Publishing a family of images: their tags, the records of where they came from, and the push of a
 * multi-architecture index through the gates that keep it whole.
 * @module
 */
export * from "./children/index-child.ts";
export * from "./children/child-facts.ts";
export * from "./gates.ts";
export * from "./gates/gate.ts";
export * from "./children/gather-children.ts";
export * from "./records/origin.ts";
export * from "./plan-push.ts";
export * from "./records/provenance.ts";
export * from "./published-aliases.ts";
export * from "./published-index.ts";
export * from "./publish-image.ts";
export * from "./publish-index.ts";
export * from "./push-index.ts";
export * from "./tag-names.ts";
export * from "./edit/add-to-index.ts";
export * from "./edit/annotate-index.ts";
export * from "./edit/index-entries.ts";
export * from "./edit/remove-from-index.ts";
export * from "./edit/repair-index.ts";
export * from "./edit/rollback-index.ts";
export * from "./edit/tagged-index.ts";
export * from "./unfit-images.ts";
