// SPDX-License-Identifier: MIT
import { defineConfig } from "vitest/config";

/** Against the real peers: `OCI_KIT_PEERS` names the directory that scripts/install-peers.sh filled. */
export default defineConfig({
  test: {
    include: ["test/interop/*.test.ts"],
    globalSetup: ["test/interop/require-peers.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
