// SPDX-License-Identifier: MIT
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readAll } from "../../src/bytes/streams/read-all.ts";
import { retag } from "../../src/image/retag.ts";
import { openRepository, type RepositoryStore } from "../../src/registry/repository.ts";
import { copy } from "../../src/store/copy/copy.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { contentStoreSuite } from "../../src/testing/store-contract/content-store-suite.ts";
import { assertCode, blob, sourceOf } from "../../src/testing/store-contract/store-content.ts";
import { startBreakingProxy } from "../fixtures/breaking-proxy.ts";
import { startDockerRegistry, type RunningRegistry } from "./docker-registry.ts";
import { ARCHITECTURES, writeFamily, type Family } from "./families.ts";
import { makeScratch } from "./scratch.ts";

const scratch = makeScratch();
let registry: RunningRegistry;
let repositories = 0;

beforeAll(async () => {
  registry = await startDockerRegistry(scratch.path("registry"));
});
afterAll(() => registry.stop());

const open = (repository: string): RepositoryStore =>
  openRepository({ registry: registry.host, repository });

contentStoreSuite(
  { describe, it },
  {
    name: "a repository of docker-registry",
    untag: false,
    resumesBroken: false,
    open: () => {
      const repository = `contract/r${(repositories += 1)}`;
      return Promise.resolve({
        store: open(repository),
        close: () => Promise.resolve(),
        reread: () => Promise.resolve({ store: open(repository), close: () => Promise.resolve() }),
      });
    },
  },
);

/** The requests that `work` caused, from the access log: `PUT /v2/…`. */
async function requestsOf(work: () => Promise<unknown>): Promise<string[]> {
  const before = registry.log().length;
  await work();
  // The log is written after the answers, so a final request marks where it is complete.
  await fetch(`http://${registry.host}/last-${before}`);
  await expect.poll(() => registry.log()).toContain(`/last-${before} HTTP`);
  const lines = registry.log().slice(before).split("\n");
  return lines.flatMap(
    (line) => /"((?:GET|HEAD|PUT|POST|PATCH|DELETE) \/v2\/[^ ]*) HTTP/.exec(line)?.[1] ?? [],
  );
}

it("a push to docker-registry succeeds over a connection that breaks", async () => {
  const proxy = await startBreakingProxy(Number(registry.host.split(":")[1]));
  const { bytes, descriptor } = blob(4 * 1024 * 1024);
  for (const at of [1, 3]) proxy.breakAfter("up", at * 1024 * 1024);
  const store = openRepository({ registry: proxy.host, repository: "broken/line" });
  await store.push(descriptor, sourceOf(bytes));
  expect(await readAll(open("broken/line").fetch(descriptor), bytes.length, "test")).toEqual(bytes);
  await proxy.close();
});

describe("at docker-registry", () => {
  let family: Family;

  beforeAll(async () => {
    const layout = await openLayout(scratch.path("layout"), { create: true });
    family = await writeFamily(layout);
    await copy(layout, family.index, open("from/here"), { tag: "family" });
  });

  it("a copy to another repository mounts every blob and sends none", async () => {
    const requests = await requestsOf(async () => {
      const done = await copy(open("from/here"), family.index, open("to/there"), { tag: "family" });
      expect(done.mounted.count).toBe(7);
      expect(done.copied.count).toBe(4);
    });
    const uploads = requests.filter((line) => line.includes("/blobs/uploads/"));
    expect(uploads).toHaveLength(7);
    for (const line of uploads)
      expect(line).toMatch(/^POST .*[?&]mount=sha256.*from=from(%2F|\/)here/);
    expect(requests.filter((line) => /^(GET|PATCH|PUT) .*\/blobs\//.test(line))).toEqual([]);
    expect((await open("to/there").resolve("family")).digest).toBe(family.index.digest);
  });

  it("a repeated copy only asks and sends nothing", async () => {
    const requests = await requestsOf(async () => {
      const done = await copy(open("from/here"), family.index, open("to/there"));
      expect(done.copied.count + done.mounted.count).toBe(0);
    });
    expect(requests.filter((line) => !/^(GET|HEAD) /.test(line))).toEqual([]);
  });

  it("a tag moves without sending any blob", async () => {
    const requests = await requestsOf(() => retag(open("from/here"), "family", "moved"));
    expect(requests.filter((line) => line.includes("/blobs/"))).toEqual([]);
    expect(requests.filter((line) => line.startsWith("PUT "))).toEqual([
      "PUT /v2/from/here/manifests/moved",
    ]);
  });

  it("tags are listed in order, page after page", async () => {
    const store = open("many/tags");
    await copy(open("from/here"), family.images[0]!.descriptor, store);
    const tags = Array.from({ length: 130 }, (_, at) => `t${at}`).sort();
    await Promise.all(tags.map((tag) => store.tag(family.images[0]!.descriptor, tag)));
    expect(await store.capabilities.tags()).toEqual(tags);
  });

  it("removed content is gone for the next client, and so are its tags", async () => {
    const store = open("to/remove");
    await copy(open("from/here"), family.images[0]!.descriptor, store, { tag: "gone" });
    const [layer] = family.images[0]!.manifest.value.layers;
    await store.capabilities.remove(layer!.digest);
    expect(await open("to/remove").exists(layer!)).toBe(false);
    await store.capabilities.remove(family.images[0]!.descriptor.digest);
    await assertCode(open("to/remove").resolve("gone"), "not-found");
    expect(await open("from/here").exists(layer!)).toBe(true);
  });

  it("an index with a missing child is refused with a clear error", async () => {
    const layout = await openLayout(scratch.path("layout"));
    const bytes = await readAll(layout.fetch(family.index), family.index.size, "index");
    const store = open("without/children");
    await assertCode(store.push(family.index, sourceOf(bytes)), "registry-refused");
    await assertCode(store.resolve(family.index.digest), "not-found");
  });

  it("blobs of many megabytes are pushed and fetched in parallel", async () => {
    const store = open("large/blobs");
    const blobs = Array.from({ length: 3 }, () => blob(9_000_001));
    await Promise.all(
      blobs.map(({ descriptor, bytes }) => store.push(descriptor, sourceOf(bytes))),
    );
    const pulled = blobs.map(async ({ descriptor }) => {
      let size = 0;
      for await (const chunk of open("large/blobs").fetch(descriptor)) size += chunk.length;
      return size;
    });
    expect(await Promise.all(pulled)).toEqual([9_000_001, 9_000_001, 9_000_001]);
  });

  it("per-architecture tags and the index name the same images", async () => {
    const store = open("from/here");
    for (const [at, { descriptor }] of family.images.entries()) {
      await store.tag(descriptor, ARCHITECTURES[at]!);
      expect((await open("from/here").resolve(ARCHITECTURES[at]!)).digest).toBe(descriptor.digest);
    }
  });
});
