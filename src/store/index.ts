// SPDX-License-Identifier: MIT
/**
 * Content stores: an OCI layout directory, memory, OCI and docker archives behind one contract, and
 * what works on any of them: copy, walk, garbage collection. Also the cache of directories by digest.
 * @module
 */
export * from "./collect-garbage.ts";
export * from "./content-graph.ts";
export * from "./copy-error.ts";
export * from "./copy.ts";
export * from "./transfer.ts";
export * from "./digest-cache.ts";
export * from "./docker-archive.ts";
export * from "./file.ts";
export * from "./layout.ts";
export * from "./memory-store.ts";
export * from "./oci-archive.ts";
export * from "./read-documents.ts";
export * from "./store.ts";
