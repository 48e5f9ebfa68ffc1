// SPDX-License-Identifier: MIT
import { defineConfig } from "vitest/config";
import { deflateWasm } from "./test/deflate-wasm.ts";
import { subpathImports } from "./test/subpath-imports.ts";

/** For as long as `OCI_KIT_FUZZ_SECONDS` says (default 120, all files together); see test/fuzz/fuzz.ts. */
export default defineConfig({
  plugins: [deflateWasm()],
  resolve: { alias: subpathImports("default") },
  test: {
    include: ["test/fuzz/*.test.ts"],
    testTimeout: 24 * 3600_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
