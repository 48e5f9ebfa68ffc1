// SPDX-License-Identifier: MIT
/**
 * Images and indexes as views of a store: references opened, platforms chosen, indexes made, tags moved.
 * @module
 */
export * from "./edit/append-layer.ts";
export * from "./edit/edit-config.ts";
export * from "./edit/edit-images.ts";
export * from "./find-image.ts";
export { makeConfig, makeManifest, type ManifestParts } from "./edit/image-document.ts";
export * from "./edit/image-view.ts";
export * from "./image.ts";
export * from "./index-document.ts";
export * from "./edit/layer-file.ts";
export * from "./list-images.ts";
export * from "./location.ts";
export * from "./only-root.ts";
export * from "./open-reference.ts";
export * from "./edit/rebase-image.ts";
export * from "./retag.ts";
export * from "./edit/write-image.ts";
