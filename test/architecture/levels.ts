// SPDX-License-Identifier: MIT

/** The modules, by level. A module may import only from levels before its own. */
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

/** Modules that are planned and not built yet. Their places are reserved. */
export const PLANNED: readonly string[] = [];

/** The published helpers for tests. They may import everything, and no module imports them. */
export const FREE = "testing";

/** Modules that run without Node. */
export const PURE: readonly string[] = ["oci", "layer", "elf"];

/** The packages and Node modules that each module may import. A module that is not listed may import none. */
export const OUTSIDE: Readonly<Record<string, readonly string[]>> = {
  oci: ["zod"],
  bytes: [
    "#deflate",
    "node:crypto",
    "node:zlib",
    "node:module",
    "node:os",
    "node:stream",
    "node:util",
    "node:worker_threads",
    "@noble/hashes",
    "zstd-codec",
  ],
  files: ["node:"],
  store: ["tar-stream", "zod", "node:"],
  registry: ["smol-toml", "undici", "node:"],
  image: ["node:"],
  server: ["node:"],
  rootfs: ["node:"],
  disk: ["@napi-rs/xattr", "zod", "node:"],
  convert: ["zod", "node:"],
  assemble: ["node:"],
  verify: ["node:"],
  publish: ["node:"],
  chain: ["node:", "zod"],
  config: ["yaml", "zod", "node:"],
  // its page is bundled by scripts/bundle-page.mjs
  report: ["d3-hierarchy", "@dagrejs/dagre", "#report-page"],
  cli: ["commander", "node:"],
};

/** The number of a module's level, from 0. It is -1 for a module without a level. */
export function levelOf(module: string): number {
  return LEVELS.findIndex((names) => names.includes(module));
}
