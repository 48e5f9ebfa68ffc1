// SPDX-License-Identifier: MIT
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serveRegistry, type RegistryServer } from "../../server/serve.ts";
import { copy } from "../../store/copy/copy.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { buildImage } from "../../testing/build-image.ts";
import { answer, startFaultyRegistry, type FaultyRegistry } from "../../testing/faulty-registry.ts";
import { openRepository } from "../repository.ts";
import { examineRegistry, type ExamineOptions, type RegistryReport } from "./examine-registry.ts";

const options = {
  registry: { credentials: () => Promise.resolve(undefined), retry: { attempts: 1 } },
};

/** `{ version: "yes", … }` */
function outcomes({ probes }: RegistryReport): Readonly<Record<string, string>> {
  return Object.fromEntries(probes.map(({ name, outcome }) => [name, outcome]));
}

describe("an examination of the embedded registry", () => {
  let directory: string;
  let server: RegistryServer;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "oci-kit-test-"));
    server = await serveRegistry({ directory });
  });
  afterEach(async () => {
    await server.close();
    await rm(directory, { recursive: true });
  });
  const examine = (repository?: string, more?: ExamineOptions): Promise<RegistryReport> =>
    examineRegistry({ registry: `127.0.0.1:${server.port}`, repository }, { ...options, ...more });

  it("asks every question, finds that it can do everything, and leaves nothing behind", async () => {
    const memory = createMemoryStore();
    const { descriptor } = await buildImage(memory, { layers: [{ file: "text" }] });
    const remote = openRepository({ registry: `127.0.0.1:${server.port}`, repository: "a/b" });
    await copy(memory, descriptor, remote, { tag: "1" });
    const before = await readdir(directory, { recursive: true });
    const all = outcomes(await examine("a/b", { write: true }));
    expect(new Set(Object.values(all))).toEqual(new Set(["yes"]));
    expect(Object.keys(all)).toHaveLength(12);
    expect((await readdir(directory, { recursive: true })).sort()).toEqual(before.sort());
  });

  it("sends nothing but questions unless writing is allowed, nor without a repository", async () => {
    expect(outcomes(await examine("a/b"))).toMatchObject({
      ...{ version: "yes", auth: "yes", "page-size": "unknown", referrers: "yes" },
      ...{ range: "not-asked", upload: "not-asked", mount: "not-asked", "tag-delete": "not-asked" },
    });
    const { probes } = await examine();
    expect(probes.filter(({ outcome }) => outcome !== "not-asked")).toHaveLength(2);
  });
});

describe("an examination of a registry that can do little", () => {
  let registry: FaultyRegistry;
  beforeEach(async () => {
    registry = await startFaultyRegistry([{ on: "GET /v2/", reply: answer(200) }]);
  });
  afterEach(() => registry.close());
  const examine = (write = false): Promise<RegistryReport> =>
    examineRegistry({ registry: registry.host, repository: "a/b" }, { ...options, write });

  it("says what it refuses, and cancels the upload that lost its chunks", async () => {
    registry.rule(
      { on: /tags\/list\?n=10000/, reply: answer(400) },
      { on: /tags\/list/, reply: answer(200, {}, '{"tags":[]}') },
      { on: /sha512/, reply: answer(400) },
      { on: /^POST/, reply: answer(202, { location: "/u/1" }) },
      { on: /^PATCH/, reply: answer(201, { location: "/u/1", range: "0-1023" }) },
      { on: "GET /u/1", reply: answer(405) },
      { on: "DELETE /u/1", reply: answer(204) },
      { on: /^DELETE .*manifests/, reply: answer(405) },
    );
    const { probes } = await examine(true);
    expect(outcomes({ probes } as RegistryReport)).toEqual({
      ...{ version: "yes", auth: "yes", "page-size": "yes", range: "not-asked" },
      ...{ referrers: "no", sha512: "no", upload: "yes", chunks: "no", resume: "unknown" },
      ...{ cancel: "yes", mount: "not-asked", "tag-delete": "no" },
    });
    expect(probes.find(({ name }) => name === "page-size")?.detail).toBe("n=1000 is taken");
    expect(registry.requests.some(({ method }) => method === "PUT")).toBe(false);
  });

  it("stops where nobody is let in", async () => {
    registry.rule({ on: "GET /v2/", reply: answer(401) });
    const { probes } = await examine(true);
    expect(probes[1]).toEqual({ name: "auth", outcome: "no", detail: "anonymously, status 401" });
    expect(new Set(probes.slice(2).map(({ outcome }) => outcome))).toEqual(new Set(["not-asked"]));
    expect(new Set(registry.requests.map(({ path }) => path))).toEqual(new Set(["/v2/"]));
  });

  it("says that what answers is no registry", async () => {
    registry.rule({ on: "GET /v2/", reply: answer(404) });
    expect((await examine()).probes[0]).toMatchObject({ name: "version", outcome: "no" });
  });

  it("fails where nothing answers", async () => {
    await registry.close();
    await expect(examine()).rejects.toMatchObject({ code: "unreachable" });
    registry = await startFaultyRegistry();
  });
});
