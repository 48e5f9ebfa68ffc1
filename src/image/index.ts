// SPDX-License-Identifier: MIT
/**
 * Images and indexes as views of a store: references opened, platforms chosen, indexes made, tags moved.
 * @module
 */
export * from "./append-layer.ts";
export * from "./edit-config.ts";
export * from "./edit-images.ts";
export * from "./find-image.ts";
export { makeConfig, makeManifest, type ManifestParts } from "./image-document.ts";
export * from "./image-view.ts";
export * from "./image.ts";
export * from "./index-document.ts";
export * from "./layer-file.ts";
export * from "./list-images.ts";
export * from "./location.ts";
export * from "./only-root.ts";
export * from "./open-reference.ts";
export * from "./rebase-image.ts";
export * from "./retag.ts";
export * from "./write-image.ts";
