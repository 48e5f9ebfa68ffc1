// SPDX-License-Identifier: MIT
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { openRepository } from "../../registry/repository.ts";
import { serveRegistry, type RegistryServer } from "../../server/serve.ts";
import {
  describeDocument,
  documentOf,
  imageOf,
  indexOf,
  registryClient,
} from "../../testing/registry-client.ts";
import { openLayout } from "../layout/layout.ts";
import { collectGarbage, type Collected, type CollectOptions } from "./collect-garbage.ts";
import { pruneRepository, type PrunedRepository } from "./prune-repository.ts";

const DAY = 24 * 3600_000;

let directory: string;
let server: RegistryServer;
const client = registryClient(() => server.url);
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-test-"));
  server = await serveRegistry({ directory });
});
afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

/** Sets the time of everything stored and recorded so far. */
function age(days: number): void {
  const time = new Date(Date.now() - days * DAY);
  for (const top of ["blobs", "repositories"]) {
    for (const name of readdirSync(join(directory, top), { recursive: true, encoding: "utf8" })) {
      const path = join(directory, top, name);
      if (statSync(path).isFile()) utimesSync(path, time, time);
    }
  }
}

const collect = async (options: CollectOptions = {}): Promise<Collected> =>
  collectGarbage(await openLayout(directory), options);
const prune = (options = {}): Promise<PrunedRepository> =>
  pruneRepository(
    openRepository({ registry: `127.0.0.1:${server.port}`, repository: "team/app" }),
    options,
  );

async function isThere(repository: string, { digest }: Descriptor): Promise<boolean> {
  return (await client.ask("GET", `/v2/${repository}/manifests/${digest}`)).status === 200;
}

/** Pushes an image without a tag, and what is kept: a tag, an index's child, and a referrer of a referrer. */
async function pushFamily(): Promise<
  Record<"lost" | "tagged" | "child" | "note" | "signature", Descriptor>
> {
  const push = async (
    bytes: Uint8Array,
    reference: string = describeDocument(bytes).digest,
  ): Promise<Descriptor> => {
    expect((await client.putManifest("team/app", reference, bytes)).status).toBe(201);
    return describeDocument(bytes);
  };
  const tagged = await client.pushImage("team/app", "v1");
  const child = await push(imageOf("child"));
  await push(indexOf([child]), "multi");
  const note = await push(imageOf("note", { subject: child }));
  const signature = await push(imageOf("signature", { subject: note }));
  const lost = await push(imageOf("lost"));
  return { lost, tagged, child, note, signature };
}

describe("of a served layout, garbage collection", () => {
  it("keeps manifests without a tag for 30 days, and then takes what no tag leads to", async () => {
    const { lost, ...kept } = await pushFamily();
    age(29);
    expect(await collect()).toMatchObject({ removed: [], untagged: [] });
    age(31);
    const plan = await collect({ dryRun: true });
    expect(plan.untagged.map(({ repository, digest }) => [repository, digest])).toEqual([
      ["team/app", lost.digest],
    ]);
    expect(plan.removed).toEqual([{ digest: lost.digest, size: lost.size }]);
    expect(await isThere("team/app", lost)).toBe(true);
    expect(await collect()).toEqual(plan);
    expect(await isThere("team/app", lost)).toBe(false);
    for (const one of Object.values(kept)) expect(await isThere("team/app", one)).toBe(true);
  });

  it("counts the days of a manifest that lost its tag from then on", async () => {
    const first = await client.pushImage("team/app", "v1", "first");
    const second = await client.pushImage("team/app", "v2", "second");
    age(100);
    await client.pushImage("team/app", "v1", "third");
    await client.ask("DELETE", "/v2/team/app/manifests/v2");
    await collect();
    expect(await isThere("team/app", first)).toBe(true);
    expect(await isThere("team/app", second)).toBe(true);
  });

  it("keeps the bytes that another repository still has", async () => {
    const image = await client.pushImage("team/app", "v1");
    await client.pushImage("other", "v1");
    await client.ask("DELETE", `/v2/team/app/manifests/${image.digest}`);
    age(100);
    expect((await collect()).removed).toEqual([]);
    expect(await isThere("other", image)).toBe(true);
  });

  it("keeps a blob that was just pushed and that no manifest names yet", async () => {
    await client.pushImage("team/app", "v1");
    age(100);
    await client.pushBlob("team/app", documentOf("new"));
    expect(await collect()).toMatchObject({ removed: [] });
  });

  it("takes a deleted manifest's bytes, and answers the same before and after", async () => {
    const image = await client.pushImage("team/app", "v1");
    await client.ask("DELETE", `/v2/team/app/manifests/${image.digest}`);
    age(1);
    expect((await collect()).removed).toHaveLength(3);
    expect(await isThere("team/app", image)).toBe(false);
  });

  it("removes nothing when a manifest can't be read", async () => {
    const { lost, tagged } = await pushFamily();
    age(100);
    const [algorithm, hex] = tagged.digest.split(":");
    const path = join(directory, "blobs", algorithm!, hex!);
    rmSync(path);
    writeFileSync(path, Buffer.alloc(tagged.size));
    await expect(collect()).rejects.toMatchObject({ code: "digest-mismatch" });
    expect(await isThere("team/app", lost)).toBe(true);
  });

  it("refuses to take more than the share that is allowed", async () => {
    await client.pushImage("team/app", "v1");
    for (let at = 0; at < 12; at += 1) {
      await client.pushBlob("team/app", documentOf(`lost ${at}`));
    }
    age(1);
    const plan = await collect({ dryRun: true, mostShare: 0.5 });
    expect(plan).toMatchObject({ suspicious: true, kept: 3 });
    await expect(collect({ mostShare: 0.5 })).rejects.toMatchObject({ code: "gate-refused" });
    expect((await collect()).removed).toHaveLength(12);
  });
});

describe("pruning a repository through its registry", () => {
  it("deletes old manifests that no tag leads to, and nothing else", async () => {
    const { lost, ...kept } = await pushFamily();
    expect(await prune()).toMatchObject({ removed: [], kept: 6 });
    age(31);
    const plan = await prune({ dryRun: true });
    expect(plan.removed.map(({ descriptor }) => descriptor.digest)).toEqual([lost.digest]);
    expect(await isThere("team/app", lost)).toBe(true);
    expect(await prune()).toEqual(plan);
    expect(await isThere("team/app", lost)).toBe(false);
    for (const one of Object.values(kept)) expect(await isThere("team/app", one)).toBe(true);
  });

  it("spares a manifest that was tagged after the plan was made", async () => {
    const { lost } = await pushFamily();
    age(31);
    const store = openRepository({ registry: `127.0.0.1:${server.port}`, repository: "team/app" });
    const manifests: typeof store.capabilities.manifests = async (options) => {
      if (options?.only !== undefined) await client.putManifest("team/app", "now", imageOf("lost"));
      return store.capabilities.manifests(options);
    };
    const capabilities = { ...store.capabilities, manifests };
    const pruned = await pruneRepository({ ...store, capabilities });
    expect(pruned).toMatchObject({
      removed: [],
      spared: [{ descriptor: { digest: lost.digest } }],
    });
    expect(await isThere("team/app", lost)).toBe(true);
  });

  it("deletes nothing where no tag is listed, unless all may go", async () => {
    const image = await client.pushImage("team/app", "v1");
    await client.ask("DELETE", "/v2/team/app/manifests/v1");
    age(31);
    const plan = await prune({ dryRun: true });
    expect(plan).toMatchObject({ removed: [{ descriptor: image }], tags: 0, suspicious: true });
    await expect(prune({ mostShare: 0.5 })).rejects.toMatchObject({
      code: "gate-refused",
      message: expect.stringMatching(/1 of its manifests, expected a tag to be listed/) as string,
    });
    expect(await isThere("team/app", image)).toBe(true);
    expect(await prune({ mostShare: 1 })).toEqual(plan);
    expect(await isThere("team/app", image)).toBe(false);
  });

  it("is an error for an unknown repository", async () => {
    await expect(prune()).rejects.toMatchObject({ code: "not-found" });
  });

  it("says when a registry does not list what has no tag", async () => {
    await pushFamily();
    const store = openRepository({ registry: `127.0.0.1:${server.port}`, repository: "team/app" });
    const capabilities = { ...store.capabilities, manifests: () => Promise.resolve(undefined) };
    await expect(pruneRepository({ ...store, capabilities })).rejects.toMatchObject({
      code: "unsupported-operation",
    });
  });
});
