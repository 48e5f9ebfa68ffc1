// SPDX-License-Identifier: MIT

/** Left never imports right; names on one level never import each other. */
export const LEVELS: readonly (readonly string[])[] = [
  ["oci"],
  ["bytes"],
  ["files", "layer", "elf"],
  ["store"],
  ["registry"],
  ["image", "server"],
  ["rootfs"],
  ["disk"],
  ["layering"],
  ["convert", "assemble", "verify"],
  ["publish"],
  ["chain"],
  ["config", "report"],
  ["cli"],
];

/** Modules that are planned and not built yet: their levels are kept for them. */
export const PLANNED: readonly string[] = ["layering", "chain", "report"];

/** Published helpers for tests: may import everything, and no module imports them. */
export const FREE = "testing";

/** Modules that run without Node. */
export const PURE: readonly string[] = ["oci", "layer", "elf"];

/** The packages and the Node modules that a module may import; what is not listed imports none. */
export const OUTSIDE: Readonly<Record<string, readonly string[]>> = {
  oci: ["zod"],
  bytes: [
    "node:crypto",
    "node:zlib",
    "node:module",
    "node:stream",
    "node:util",
    "node:worker_threads",
    "@noble/hashes",
    "zstd-codec",
  ],
  files: ["node:"],
  store: ["tar-stream", "zod", "node:"],
  registry: ["undici", "node:"],
  image: ["node:"],
  server: ["node:"],
  rootfs: ["node:"],
  disk: ["@napi-rs/xattr", "zod", "node:"],
  convert: ["zod", "node:"],
  assemble: ["node:"],
  verify: ["node:"],
  publish: ["node:"],
  config: ["yaml", "zod", "node:"],
  cli: ["commander", "node:"],
};

/** From 0, the left; -1 for what is on no level. */
export function levelOf(module: string): number {
  return LEVELS.findIndex((names) => names.includes(module));
}
