// SPDX-License-Identifier: MIT
import { defineConfig } from "vitest/config";
import { deflateWasm } from "./test/deflate-wasm.ts";
import { subpathImports } from "./test/subpath-imports.ts";

/** The main job on Debian's real toolchains: minutes, root, and the peers of scripts/install-peers.sh. */
export default defineConfig({
  plugins: [deflateWasm()],
  resolve: { alias: subpathImports("default") },
  test: {
    include: ["test/real/*.test.ts"],
    globalSetup: ["test/interop/require-peers.ts"],
    testTimeout: 900_000,
    hookTimeout: 900_000,
    fileParallelism: false,
    // each step stands on the one before
    bail: 1,
  },
});
