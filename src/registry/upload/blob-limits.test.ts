// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, expect, it } from "vitest";
import { openFaulty } from "../../../test/fixtures/faulty-repository.ts";
import { copy } from "../../store/copy/copy.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { buildImage } from "../../testing/build-image.ts";
import { answer, startFaultyRegistry, type FaultyRegistry } from "../../testing/faulty-registry.ts";

let registry: FaultyRegistry;
beforeEach(async () => {
  registry = await startFaultyRegistry();
});
afterEach(() => registry.close());

it("a layer above what the registry takes is refused by its words before anything of the image is sent", async () => {
  const source = createMemoryStore({ name: "source" });
  const layers = [{ small: "x" }, { large: "y".repeat(50_000) }];
  const image = await buildImage(source, { layers, compression: "none" });
  registry.rule({ on: /^HEAD /, reply: answer(404) });
  const target = openFaulty(registry, {
    journalDirectory: false,
    habits: [{ hosts: ["127.0.0.1"], name: "the small registry", blobBytes: 20_000 }],
  });
  await expect(copy(source, image.descriptor, target)).rejects.toMatchObject({
    code: "limit-exceeded",
    message: expect.stringContaining(
      "the most that the small registry takes as one layer",
    ) as string,
  });
  expect(registry.requests.filter(({ method }) => method !== "HEAD")).toEqual([]);
});
