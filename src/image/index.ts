// SPDX-License-Identifier: MIT
/**
 * Images and indexes as views of a store: references opened, platforms chosen, indexes made, tags moved.
 * @module
 */
export * from "./find-image.ts";
export * from "./image-document.ts";
export * from "./image.ts";
export * from "./index-document.ts";
export * from "./list-images.ts";
export * from "./location.ts";
export * from "./only-root.ts";
export * from "./open-reference.ts";
export * from "./retag.ts";
