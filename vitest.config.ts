// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { deflateWasm } from "./test/deflate-wasm.ts";
import { reportPage } from "./test/report-page.ts";
import { subpathImports } from "./test/subpath-imports.ts";
import { temporaryDirectory } from "./test/temporary-directory.ts";

const TMPDIR = temporaryDirectory();

export default defineConfig({
  plugins: [deflateWasm(), reportPage()],
  resolve: { alias: subpathImports("default") },
  test: {
    include: ["src/**/*.test.ts", "test/architecture/*.test.ts"],
    // They bound what hangs, not what is slow: machines under load have taken ten times as long as others.
    // Whoever runs them keeps the cache of the home directory to himself.
    env: {
      TMPDIR,
      OCI_KIT_CACHE: join(TMPDIR, `oci-kit-test-cache-${String(process.getuid?.())}`),
    },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    // Measured on two cores: all files in one process for each core take 0.54 of the time of a process for each file.
    isolate: false,
    maxWorkers: "100%",
  },
});
