// SPDX-License-Identifier: MIT
import { defineConfig } from "vitest/config";
import { deflateWasm } from "./test/deflate-wasm.ts";
import { subpathImports } from "./test/subpath-imports.ts";

/** A thousand power cuts: `OCI_KIT_POWER_CUTS` says how many each kind of work gets, `OCI_KIT_POWER_SEED` repeats a run. */
export default defineConfig({
  plugins: [deflateWasm()],
  resolve: { alias: subpathImports("default") },
  test: {
    include: ["test/power/*.test.ts"],
    // Before any module takes its calls from node:fs.
    setupFiles: ["test/power/watch-system-calls.ts"],
    testTimeout: 900_000,
    hookTimeout: 120_000,
  },
});
