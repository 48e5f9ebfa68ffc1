// SPDX-License-Identifier: MIT
import { readdirSync, statSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startBreakingProxy, type BreakingProxy } from "../../test/fixtures/breaking-proxy.ts";
import { serveRegistry, type RegistryServer } from "../server/serve.ts";
import { copy } from "../store/copy/copy.ts";
import { openLayout } from "../store/layout/layout.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import type { ContentStore, ReadableStore } from "../store/store.ts";
import { verifyContent } from "../store/verify-content.ts";
import { buildImage } from "../testing/build-image.ts";
import { blob } from "../testing/store-contract/store-content.ts";
import { openRepository, type RepositoryStore } from "./repository.ts";

const MIB = 1024 * 1024;
/** More than the heads of all requests and answers of one copy, and the small documents. */
const HEADS = 64 * 1024;
/** Places in a copy of 2 MiB, in bytes of one direction: heads, documents, the layer's first, middle and last bytes. */
const STAGES = [1, 400, 2_000, 70_000, MIB, 2 * MIB + 1_500, 2 * MIB + 3_000];

let directory: string;
let server: RegistryServer;
let proxy: BreakingProxy;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "oci-kit-test-"));
  server = await serveRegistry({ directory: join(directory, "served") });
  proxy = await startBreakingProxy(server.port);
});
afterEach(async () => {
  await proxy.close();
  await server.close();
  await rm(directory, { recursive: true });
});

/** The repository as a new process would open it: one attempt, and nothing shared but the journal. */
function open(attempts = 1): RepositoryStore {
  return openRepository(
    { registry: proxy.host, repository: "a/b" },
    {
      credentials: () => Promise.resolve(undefined),
      retry: { attempts, delay: 100 },
      journalDirectory: join(directory, "uploads"),
    },
  );
}

const layer = blob(2 * MIB);

describe("a copy whose connection breaks", () => {
  it.each(STAGES.flatMap((at) => [["up", at] as const, ["down", Math.min(at, 3_000)] as const]))(
    "%s after %d bytes ends in the next run, and sends nothing twice",
    async (direction, at) => {
      const source = createMemoryStore();
      const { descriptor } = await buildImage(source, {
        layers: [{ large: layer.bytes }],
        compression: "none",
      });
      proxy.breakAfter(direction, at);
      const run = (to: ContentStore): Promise<unknown> =>
        copy(source, descriptor, to, { tag: "1" });
      await run(open()).catch(() => undefined);
      await run(open(5));
      await expectWhole(open(5));
      expect(proxy.passed.up).toBeLessThan(2 * MIB + HEADS);
    },
  );

  it.each(STAGES)(
    "down after %d bytes ends in the next run, and fetches nothing twice",
    async (at) => {
      const source = createMemoryStore();
      const built = await buildImage(source, {
        layers: [{ large: layer.bytes }],
        compression: "none",
      });
      const remote = openRepository({ registry: `127.0.0.1:${server.port}`, repository: "a/b" });
      await copy(source, built.descriptor, remote, { tag: "1" });
      const layout = await openLayout(join(directory, "pulled"), { create: true });
      const run = async (from: ReadableStore): Promise<unknown> =>
        copy(from, await from.resolve("1"), layout, { tag: "1" });
      proxy.breakAfter("down", at);
      await run(open()).catch(() => undefined);
      const kept = keptIn(layout.directory);
      const before = proxy.passed.down;
      await run(open());
      await expectWhole(layout);
      expect(proxy.passed.down - before).toBeLessThan(2 * MIB - kept + HEADS);
      expect((await readdir(layout.directory)).sort()).toEqual([
        "blobs",
        "index.json",
        "oci-layout",
      ]);
    },
  );
});

/** The bytes of all that has arrived in a layout, whole or in part. */
function keptIn(layout: string): number {
  const names = readdirSync(layout, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => /partial|sha256\//.test(name));
  return files.reduce((sum, name) => sum + statSync(join(layout, name)).size, 0);
}

/** Reads and hashes everything below the tag. */
async function expectWhole(store: ReadableStore): Promise<void> {
  const { findings } = await verifyContent(store, [await store.resolve("1")]);
  expect(findings).toEqual([]);
}
