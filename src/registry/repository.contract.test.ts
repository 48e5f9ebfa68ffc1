// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { serveRegistry } from "../server/serve.ts";
import { contentStoreSuite } from "../testing/store-contract/content-store-suite.ts";
import { openRepository } from "./repository.ts";

contentStoreSuite(
  { describe, it },
  {
    name: "a registry's repository over HTTP",
    open: async () => {
      const directory = await mkdtemp(join(tmpdir(), "oci-kit-test-"));
      const server = await serveRegistry({ directory });
      const open = (): ReturnType<typeof openRepository> =>
        openRepository(
          { registry: `${server.host}:${server.port}`, repository: "team/app" },
          { credentials: () => Promise.resolve(undefined) },
        );
      return {
        store: open(),
        close: async () => {
          await server.close();
          await rm(directory, { recursive: true });
        },
        reread: async () => Promise.resolve({ store: open(), close: () => Promise.resolve() }),
      };
    },
  },
);
