// SPDX-License-Identifier: MIT
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { contentStoreSuite } from "../testing/store-contract.ts";
import { openLayout } from "./layout.ts";

contentStoreSuite(
  { describe, it },
  {
    name: "layout directory",
    open: async () => {
      const directory = mkdtempSync(join(tmpdir(), "oci-kit-layout-"));
      const store = await openLayout(directory, { create: true });
      return {
        store,
        close: async () => rm(directory, { recursive: true }),
        reread: async () => ({
          store: await openLayout(directory),
          close: () => Promise.resolve(),
        }),
      };
    },
  },
);
