// SPDX-License-Identifier: MIT
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { contentStoreSuite } from "../../testing/store-contract/content-store-suite.ts";
import type { StoreContract } from "../../testing/store-contract/contract.ts";
import { createDockerArchive, openDockerArchive } from "./docker-archive.ts";
import { createOciArchive, openOciArchive } from "./oci-archive.ts";

const kinds = [
  { name: "oci-archive", create: createOciArchive, open: openOciArchive },
  { name: "docker-archive", create: createDockerArchive, open: openDockerArchive },
];

for (const { name, create, open } of kinds) {
  const contract: StoreContract = {
    name,
    open: async () => {
      const directory = mkdtempSync(join(tmpdir(), "oci-kit-archive-"));
      const file = join(directory, "image.tar");
      const store = await create(file);
      return {
        store,
        close: async () => {
          await store.discard();
          await rm(directory, { recursive: true });
        },
        reread: async () => {
          await store.close();
          const reader = await open(file);
          return { store: reader, close: reader.close };
        },
      };
    },
  };
  contentStoreSuite({ describe, it }, contract);
}
