// SPDX-License-Identifier: MIT
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startBreakingProxy, type BreakingProxy } from "../../../test/fixtures/breaking-proxy.ts";
import { serveRegistry, type RegistryServer } from "../../server/serve.ts";
import { copy } from "../../store/copy/copy.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { completeUpload, type UploadState } from "../../store/upload.ts";
import { buildImage } from "../../testing/build-image.ts";
import { startFaultyRegistry } from "../../testing/faulty-registry.ts";
import {
  assertHolds,
  blob,
  chunked,
  sourceOf,
} from "../../testing/store-contract/store-content.ts";
import { openRepository, type RepositoryStore } from "../repository.ts";

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

/** Opens the repository through the proxy that breaks connections. */
function open(): RepositoryStore {
  return openRepository(
    { registry: proxy.host, repository: "a/b" },
    // Long enough for the server to notice that a connection broke.
    { credentials: () => Promise.resolve(undefined), retry: { attempts: 6, delay: 100 } },
  );
}

const MIB = 1024 * 1024;
/** At most this many bytes are heads of requests and answers. */
const HEADS = 16 * 1024;

describe("an upload over a connection that breaks", () => {
  it("continues where it broke, as long as it makes progress, and sends nothing twice", async () => {
    const { bytes, descriptor } = blob(8 * MIB);
    for (const at of [1.5, 3, 5.5]) proxy.breakAfter("up", at * MIB);
    const store = open();
    await store.push(descriptor, sourceOf(bytes));
    await assertHolds(store, descriptor, bytes);
    expect(proxy.passed.up).toBeGreaterThan(8 * MIB);
    expect(proxy.passed.up).toBeLessThan(8 * MIB + HEADS);
  });

  it("starts again when it broke in the head of the request", async () => {
    const { bytes, descriptor } = blob(100_000);
    proxy.breakAfter("up", 10);
    const store = open();
    await store.push(descriptor, sourceOf(bytes));
    await assertHolds(store, descriptor, bytes);
  });

  it("is not sent again when only the answer was lost", async () => {
    const { bytes, descriptor } = blob(2 * MIB);
    const store = open();
    expect(await store.exists(descriptor)).toBe(false);
    const before = proxy.passed.down;
    const upload = await store.capabilities.uploads.begin();
    const answerSize = proxy.passed.down - before;
    await upload.cancel();
    // This is after the answers to HEAD and POST, within the answer to PUT.
    proxy.breakAfter("down", 2 * answerSize + 50);
    await store.push(descriptor, sourceOf(bytes));
    await assertHolds(store, descriptor, bytes);
    expect(proxy.passed.up).toBeLessThan(2 * MIB + HEADS);
  });

  it("can be continued by another process from its saved state", async () => {
    const { bytes, descriptor } = blob(2 * MIB);
    const upload = await open().capabilities.uploads.begin();
    const kept = JSON.stringify(upload.state);
    proxy.breakAfter("up", MIB);
    await expect(upload.append(chunked(bytes, 65_536), 2 * MIB)).rejects.toMatchObject({
      code: "unreachable",
    });
    const store = open();
    await expect
      .poll(async () => (await resumeFrom(store, kept)).offset)
      .toBeGreaterThan(MIB - HEADS);
    const before = proxy.passed.up;
    const resumed = await resumeFrom(store, kept);
    const { offset } = resumed;
    await completeUpload(resumed, descriptor, sourceOf(bytes));
    expect(proxy.passed.up - before).toBeLessThan(2 * MIB - offset + HEADS);
    await assertHolds(store, descriptor, bytes);
  });
});

function resumeFrom(
  store: RepositoryStore,
  kept: string,
): ReturnType<RepositoryStore["capabilities"]["uploads"]["resume"]> {
  return store.capabilities.uploads.resume(JSON.parse(kept) as UploadState);
}

describe("a download over a connection that breaks", () => {
  it("continues where it broke, and fetches nothing twice", async () => {
    const source = createMemoryStore();
    const layer = blob(6 * MIB);
    const { descriptor } = await buildImage(source, { layers: [{ large: layer.bytes }] });
    await copy(source, descriptor, open(), { tag: "v1" });
    const before = proxy.passed.down;
    for (const at of [1.5, 4]) proxy.breakAfter("down", at * MIB);
    const layout = await openLayout(join(directory, "pulled"), { create: true });
    const remote = open();
    const { copied } = await copy(remote, await remote.resolve("v1"), layout, { tag: "v1" });
    expect(proxy.passed.down - before).toBeLessThan(copied.bytes + HEADS);
    expect((await readdir(layout.directory)).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
  });
});

describe("the saved state of an upload", () => {
  it("is refused when it names another host", async () => {
    const other = await startFaultyRegistry();
    const location = `http://${other.host}/v2/a/b/blobs/uploads/1`;
    const resumed = open().capabilities.uploads.resume({ location });
    await expect(resumed).rejects.toMatchObject({ code: "redirect-refused" });
    expect(other.requests).toEqual([]);
    await other.close();
  });
});
