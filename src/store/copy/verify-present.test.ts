// SPDX-License-Identifier: MIT
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestBytes } from "../../bytes/hash.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { openRepository } from "../../registry/repository.ts";
import { buildImage } from "../../testing/build-image.ts";
import { answer, startFaultyRegistry } from "../../testing/faulty-registry.ts";
import { readGraph } from "../content-graph.ts";
import { openLayout, type LayoutStore } from "../layout/layout.ts";
import { createMemoryStore } from "../memory-store.ts";
import { copy } from "./copy.ts";

let directory: string;
let layout: LayoutStore;
const source = createMemoryStore();
let root: Descriptor;
let layer: Descriptor;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-test-"));
  layout = await openLayout(directory, { create: true });
  ({ descriptor: root } = await buildImage(source, {
    tag: "1",
    layers: [{ "etc/name": "oci-kit" }],
  }));
  layer = (await readGraph(source, root)).blobs.at(-1)!;
  await copy(source, root, layout, { tag: "1" });
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const fileOf = (digest: Digest): string => join(directory, "blobs", ...digest.split(":"));

/** The same number of other bytes. */
function zero({ digest, size }: Descriptor): void {
  chmodSync(fileOf(digest), 0o644);
  writeFileSync(fileOf(digest), new Uint8Array(size));
}

const isWhole = ({ digest }: Descriptor): boolean =>
  digestBytes(readFileSync(fileOf(digest))) === digest;

describe("damaged content of the right size at the target", () => {
  it("is found and replaced by a copy with verifyPresent", async () => {
    zero(layer);
    zero(root);
    const summary = await copy(source, root, layout, { tag: "1", verifyPresent: true });
    expect(summary.replaced).toEqual({ count: 2, bytes: layer.size + root.size });
    expect(summary.skipped.count).toBe(1);
    expect([isWhole(layer), isWhole(root)]).toEqual([true, true]);
    const again = await copy(source, root, layout, { tag: "1", verifyPresent: true });
    expect([again.replaced.count, again.skipped.count]).toEqual([0, 3]);
  });

  it("is reported and not replaced with dryRun", async () => {
    zero(layer);
    const summary = await copy(source, root, layout, { verifyPresent: true, dryRun: true });
    expect(summary.replaced.count).toBe(1);
    expect(isWhole(layer)).toBe(false);
  });

  it("counts as present for a copy without verifyPresent, as documented", async () => {
    zero(layer);
    expect((await copy(source, root, layout)).skipped.count).toBe(3);
  });

  it("is an error with a hint when the target is a registry, which can't replace content", async () => {
    const registry = await startFaultyRegistry([
      { on: /^HEAD /, reply: answer(200) },
      { on: /^GET .*blobs/, reply: answer(200, {}, "other bytes") },
    ]);
    const target = openRepository(
      { registry: registry.host, repository: "a/b" },
      { retry: { attempts: 1 }, credentials: () => Promise.resolve(undefined) },
    );
    const failed = copy(source, root, target, { tag: "1", verifyPresent: true });
    await expect(failed).rejects.toMatchObject({
      ...{ code: "digest-mismatch", side: "target", operation: "check" },
      hint: expect.stringContaining("delete it there first") as string,
    });
    await registry.close();
  });
});

it("content of the wrong size counts as absent, with or without verifyPresent", async () => {
  chmodSync(fileOf(layer.digest), 0o644);
  writeFileSync(fileOf(layer.digest), new Uint8Array(layer.size - 1));
  expect((await copy(source, root, layout)).copied.count).toBe(1);
  expect(isWhole(layer)).toBe(true);
});
