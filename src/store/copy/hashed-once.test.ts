// SPDX-License-Identifier: MIT
import { createHash, type Hash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { HashRequest } from "../../files/hashing/hashing-thread.ts";
import { openRepository, type RepositoryStore } from "../../registry/repository.ts";
import { serveRegistry, type RegistryServer } from "../../server/serve.ts";
import { buildImage } from "../../testing/build-image.ts";
import { blob } from "../../testing/store-contract/store-content.ts";
import { createOciArchive, openOciArchive } from "../archive/oci-archive.ts";
import { openLayout, type LayoutStore } from "../layout/layout.ts";
import { createMemoryStore } from "../memory-store.ts";
import type { ContentStore, ReadableStore } from "../store.ts";
import { copy } from "./copy.ts";

let directory: string;
let server: RegistryServer;
let source: LayoutStore;
let image: Descriptor;
let layerBytes: number;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "oci-kit-test-"));
  server = await serveRegistry({ directory: join(directory, "served") });
  source = await openLayout(join(directory, "source"), { create: true });
  const layers = [{ one: blob(1_500_000).bytes }, { two: blob(700_000).bytes }];
  const built = await buildImage(source, { layers });
  image = built.descriptor;
  layerBytes = built.layers.reduce((sum, { size }) => sum + size, 0);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await server.close();
  await rm(directory, { recursive: true });
});

/** How often each byte of the layers was hashed during the work, also in the thread for that. Documents are left out. */
async function timesHashed(work: () => Promise<unknown>): Promise<number> {
  const prototype = Object.getPrototypeOf(createHash("sha256")) as Hash;
  const update = vi.spyOn(prototype, "update");
  const post = vi.spyOn(Worker.prototype, "postMessage");
  await work();
  const here = update.mock.calls.map(([chunk]) => (chunk as unknown as Uint8Array).length);
  const bytes = [...here, ...hashedInThread(post.mock.calls)].reduce((sum, each) => sum + each, 0);
  update.mockRestore();
  post.mockRestore();
  const times = Math.floor(bytes / layerBytes);
  expect(bytes - times * layerBytes).toBeLessThan(64 * 1024);
  return times;
}

/** Bytes of each file that the thread was asked to hash: it reads from the start to the last end that it was told. */
function hashedInThread(posted: readonly unknown[][]): number[] {
  const ends = new Map<number, number>();
  for (const [message] of posted) {
    const request = message as HashRequest;
    if (request.ask === "read") ends.set(request.id, request.end);
  }
  return [...ends.values()];
}

function repository(): RepositoryStore {
  return openRepository(
    { registry: `${server.host}:${server.port}`, repository: "a/b" },
    { credentials: () => Promise.resolve(undefined) },
  );
}

async function copyTo(target: ContentStore, from: ReadableStore = source): Promise<void> {
  await copy(from, image, target, { tag: "v1", onProgress: () => undefined });
}

describe("every byte of a copy is hashed once", () => {
  it("from layout to layout", async () => {
    const target = await openLayout(join(directory, "target"), { create: true });
    expect(await timesHashed(() => copyTo(target))).toBe(1);
  });

  it("from layout to memory", async () => {
    expect(await timesHashed(() => copyTo(createMemoryStore()))).toBe(1);
  });

  it("from layout to archive, and from archive to layout", async () => {
    const file = join(directory, "image.tar");
    const archive = await createOciArchive(file);
    const write = async (): Promise<void> => {
      await copyTo(archive);
      await archive.close();
    };
    expect(await timesHashed(write)).toBe(1);
    const reader = await openOciArchive(file);
    const target = await openLayout(join(directory, "target"), { create: true });
    expect(await timesHashed(() => copyTo(target, reader))).toBe(1);
    await reader.close();
  });

  it("by the client and by the registry, from layout to registry and back", async () => {
    expect(await timesHashed(() => copyTo(repository()))).toBe(2);
    // one that received the layers itself does not hash all of them again
    await server.close();
    server = await serveRegistry({ directory: join(directory, "served") });
    const target = await openLayout(join(directory, "target"), { create: true });
    expect(await timesHashed(() => copyTo(target, repository()))).toBe(2);
  });

  it("by the client and by the registry, when its digest is not known before", async () => {
    const { bytes } = blob(layerBytes);
    const ingest = (): Promise<Descriptor> =>
      repository().ingest("application/octet-stream", chunksOf(bytes));
    expect(await timesHashed(ingest)).toBe(2);
  });

  it("when it comes from a source that does not verify it", async () => {
    const layer = blob(layerBytes);
    const target = await openLayout(join(directory, "target"), { create: true });
    const unverified = { open: () => chunksOf(layer.bytes) };
    expect(await timesHashed(() => target.push(layer.descriptor, unverified))).toBe(1);
  });
});

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}
