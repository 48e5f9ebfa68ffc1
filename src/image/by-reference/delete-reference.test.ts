// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keepManifests } from "../../../test/fixtures/plain-registry.ts";
import { copy } from "../../store/copy/copy.ts";
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
