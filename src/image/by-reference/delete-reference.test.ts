// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keepManifests } from "../../../test/fixtures/plain-registry.ts";
import { serveRegistry } from "../../server/serve.ts";
import { copy } from "../../store/copy/copy.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { buildImage } from "../../testing/build-image.ts";
import { answer, startFaultyRegistry, type FaultyRegistry } from "../../testing/faulty-registry.ts";
import { openTarget } from "../open-reference.ts";
import { deleteReference } from "./delete-reference.ts";

describe("deleting a tag at a registry that is known not to delete a tag alone", () => {
  let registry: FaultyRegistry;
  beforeEach(async () => {
    registry = await startFaultyRegistry();
    const plain = keepManifests(registry);
    registry.rule({
      on: /tags\/list/,
      reply: () => answer(200, {}, JSON.stringify({ tags: [...plain.tags.keys()] })),
    });
    registry.rule({ on: /^HEAD .*\/blobs\//, reply: answer(200) });
    const from = createMemoryStore();
    const { descriptor } = await buildImage(from, { layers: [{ a: "x" }] });
    const { store } = await openTarget(`${registry.host}/a/b`);
    for (const tag of ["one", "also"]) await copy(from, descriptor, store, { tag });
  });
  afterEach(() => registry.close());

  it.each([true, false])("is refused without asking, in a dry run: %s", async (dryRun) => {
    const known = { habits: [{ hosts: ["127.0.0.1"], deletesTags: false }] };
    const deleting = deleteReference(`${registry.host}/a/b:one`, { registry: known, dryRun });
    await expect(deleting).rejects.toMatchObject({
      code: "unsupported-operation",
      message: expect.stringContaining("is known not to") as string,
      hint: expect.stringContaining("with it goes the tag also") as string,
    });
    expect(registry.requests.filter(({ method }) => method === "DELETE")).toEqual([]);
  });
});

it.each([false, true])(
  "deleting at a registry that is read-only says so, and not what else would be refused (the manifest: %s)",
  async (manifest) => {
    const directory = mkdtempSync(join(tmpdir(), "oci-kit-test-"));
    const layout = await openLayout(directory, { create: true });
    await layout.tag((await buildImage(layout, { layers: [{ a: "x" }] })).descriptor, "a:one");
    const server = await serveRegistry({ directory, readOnly: true });
    try {
      const deleting = deleteReference(`${server.host}:${server.port}/a:one`, { manifest });
      await expect(deleting).rejects.toMatchObject({
        code: "unsupported-operation",
        message: expect.stringContaining("got one that is read-only") as string,
        hint: expect.not.stringContaining("--manifest") as string,
      });
    } finally {
      await server.close();
      rmSync(directory, { recursive: true });
    }
  },
);
