// SPDX-License-Identifier: MIT
import { defineConfig } from "vitest/config";
import { deflateWasm } from "./test/deflate-wasm.ts";
import { reportPage } from "./test/report-page.ts";
import { subpathImports } from "./test/subpath-imports.ts";

/** Against the real peers: `OCI_KIT_PEERS` names the directory that scripts/install-peers.sh filled. */
export default defineConfig({
  plugins: [deflateWasm(), reportPage()],
  resolve: { alias: subpathImports("default") },
  test: {
    include: ["test/interop/*.test.ts"],
    globalSetup: ["test/interop/require-peers.ts"],
    // they bound what hangs, not what is slow
    testTimeout: 900_000,
    hookTimeout: 900_000,
    expect: { poll: { timeout: 60_000 } },
    // Each file has directories, ports and daemons of its own; most of them wait for a peer half of the time.
    maxWorkers: 2,
  },
});
