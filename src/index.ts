// SPDX-License-Identifier: MIT
/**
 * oci-kit: assemble, verify, copy, retag and publish OCI images. What most programs need is here; each
 * module has a subpath of its own with all it offers (`oci-kit/layer`, `oci-kit/registry`, …).
 * @module
 */
export { assemble, planAssembly } from "./assemble/assemble.ts";
export type { Recipe } from "./assemble/recipe/recipe.ts";
export type { AssembleOptions, AssembleResult } from "./assemble/assemble-options.ts";
export { planIndexPush } from "./publish/plan-push.ts";
export { pushIndex } from "./publish/push-index.ts";
export { configurationToRecipe } from "./config/recipe/configuration-to-recipe.ts";
export { findConfiguration } from "./config/find-configuration.ts";
export { loadConfiguration } from "./config/load-configuration.ts";
export { openDirectory } from "./disk/directory.ts";
export { openRootFilesystem } from "./disk/open-root-filesystem.ts";
export { findImage } from "./image/find-image.ts";
export { readImage, type Image } from "./image/image.ts";
export { listImages } from "./image/list-images.ts";
export { copyReference } from "./image/by-reference/copy-reference.ts";
export { openReference, openTarget } from "./image/open-reference.ts";
export { retag } from "./image/retag.ts";
export { OciError, isOciError, type ErrorCode } from "./oci/errors.ts";
export type { Descriptor } from "./oci/documents/descriptor.ts";
export { openRepository } from "./registry/repository.ts";
export { openImageFilesystem } from "./rootfs/image-filesystem.ts";
export { resolvePath } from "./rootfs/resolve-path.ts";
export type { RootFilesystem } from "./rootfs/root-filesystem.ts";
export { serveRegistry } from "./server/serve.ts";
export { copy } from "./store/copy/copy.ts";
export { openLayout } from "./store/layout/layout.ts";
export { createMemoryStore } from "./store/memory-store.ts";
export type { ContentStore, ReadableStore } from "./store/store.ts";
export { verifyLinks } from "./verify/verify-links.ts";
export { verifyRoots } from "./verify/verify-roots.ts";
