// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { parseReference } from "../../oci/reference.ts";
import { serveRegistry, type RegistryServer } from "../../server/serve.ts";
import { copy, type CopySummary } from "../../store/copy/copy.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { buildImage } from "../../testing/build-image.ts";
import { openRepository } from "../repository.ts";
import { openByRules } from "./open-by-rules.ts";

let top: string;
let primary: RegistryServer;
let mirror: RegistryServer;
let image: Descriptor;
const hostOf = ({ host, port }: RegistryServer): string => `${host}:${port}`;

beforeEach(async () => {
  top = mkdtempSync(join(tmpdir(), "oci-kit-test-"));
  [primary, mirror] = await Promise.all([
    serveRegistry({ directory: join(top, "primary") }),
    serveRegistry({ directory: join(top, "mirror") }),
  ]);
  const made = createMemoryStore();
  image = (await buildImage(made, { layers: [{ a: "x" }] })).descriptor;
  for (const server of [primary, mirror]) {
    const store = openRepository({ registry: hostOf(server), repository: "m/a" });
    await copy(made, image, store, { tag: "1" });
  }
});
afterEach(async () => {
  for (const server of [primary, mirror]) await server.close();
  rmSync(top, { recursive: true });
});

/** Copies `registry.example/a`, which is read from the mirror. */
async function copyTo(registry: string, repository = "m/b"): Promise<CopySummary> {
  const rule = { prefix: "registry.example", location: `${hostOf(primary)}/m`, insecure: false };
  const mirrors = [{ location: `${hostOf(mirror)}/m`, insecure: false, pull: "all" }] as const;
  const rules = [{ ...rule, blocked: false, mirrors, file: "test.conf" }];
  const source = await openByRules(parseReference("registry.example/a:1"), "read", { rules });
  const root = await source.resolve("1");
  return copy(source, root, openRepository({ registry, repository }), { tag: "1" });
}

it("a copy within a registry that has a mirror mounts, as one without a mirror does", async () => {
  const { mounted, copied } = await copyTo(hostOf(primary));
  expect(mounted.count).toBe(2);
  expect(copied.count).toBe(1);
});

it("a copy into the registry of a mirror mounts from the mirror", async () => {
  const { mounted, copied } = await copyTo(hostOf(mirror));
  expect([mounted.count, copied.count]).toEqual([2, 1]);
});

it("a copy into another registry sends everything", async () => {
  const other = await serveRegistry({ directory: join(top, "other") });
  try {
    const { mounted, copied } = await copyTo(hostOf(other));
    expect([mounted.count, copied.count]).toEqual([0, 3]);
  } finally {
    await other.close();
  }
});
