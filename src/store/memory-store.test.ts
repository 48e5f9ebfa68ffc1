// SPDX-License-Identifier: MIT
import { describe, it } from "vitest";
import { contentStoreSuite } from "../testing/store-contract/content-store-suite.ts";
import { createMemoryStore } from "./memory-store.ts";

contentStoreSuite(
  { describe, it },
  {
    name: "memory",
    open: () => {
      const store = createMemoryStore();
      const close = (): Promise<void> => Promise.resolve();
      return Promise.resolve({
        store,
        close,
        reread: () => Promise.resolve({ store, close }),
      });
    },
  },
);
