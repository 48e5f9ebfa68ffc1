// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeDpkgImage, makePackages } from "../../test/fixtures/dpkg-image.ts";
import { QUICK } from "../../test/fixtures/faulty-repository.ts";
import { startNarrowProxy, type NarrowProxy } from "../../test/fixtures/narrow-proxy.ts";
import { rechunk, treeDifferences } from "../../test/fixtures/rechunking.ts";
import type { HostHabits } from "../registry/habits/registry-habits.ts";
import { openRepository } from "../registry/repository.ts";
import { startRegistry, type TestRegistry } from "../testing/registry/start-registry.ts";

/** The largest layer alone takes 600 kB, all of them 3 MB. */
const DEADLINE = 1_000_000;

let registry: TestRegistry;
let line: NarrowProxy;

beforeEach(async () => {
  registry = await startRegistry();
  line = await startNarrowProxy(Number(new URL(registry.url).port), DEADLINE);
});
afterEach(async () => {
  line.close();
  await registry.close();
});

async function push(habits: Omit<HostHabits, "hosts">): Promise<string[]> {
  const image = await makeDpkgImage(
    makePackages(20).map((each) => ({ ...each, bytes: each.bytes * 2 })),
  );
  const store = openRepository(
    { registry: line.host, repository: "app" },
    {
      credentials: () => Promise.resolve(undefined),
      retry: QUICK,
      journalDirectory: false,
      habits: [{ hosts: ["127.0.0.1"], ...habits }],
    },
  );
  const { image: pushed, layers } = await rechunk(image, { store });
  expect(layers.length).toBeGreaterThan(10);
  return treeDifferences(image, pushed);
}

describe("new layers on a narrow line, to a registry that ends uploads after a time and forgets them", () => {
  it("all arrive in the end, though the registry is not known to do so", async () => {
    expect(await push({})).toEqual([]);
    expect(line.drops()).toBeGreaterThan(0);
  });

  it("all arrive without one that is ended, where its time is known", async () => {
    expect(await push({ uploadTime: 1 })).toEqual([]);
    expect(line.drops()).toBe(0);
  });
});
