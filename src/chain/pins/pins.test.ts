// SPDX-License-Identifier: MIT
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type PublishedChain,
  startPublishedChain,
} from "../../../test/fixtures/published-chain.ts";
import { parseDigest } from "../../oci/digest.ts";
import { unitOf } from "../graph/stage-graph.ts";
import { openRepositoryImages } from "../images/image-source.ts";
import { provenanceKeys } from "../images/provenance-keys.ts";
import { type ChainLock, formatLock, parseLock } from "./chain-lock.ts";
import { readLock, writeLock } from "./lock-file.ts";
import { provenanceOf, resolvePin } from "./resolve-pin.ts";

const A = parseDigest(`sha256:${"a".repeat(64)}`);
const B = parseDigest(`sha256:${"b".repeat(64)}`);

const LOCK: ChainLock = {
  version: 1,
  repository: "ghcr.io/family/image",
  buildPlatform: "linux/amd64",
  units: {
    "sdk-arm64": { tag: "sdk-arm64", digest: B, inputs: { parent: A } },
    base: { tag: "base", digest: A, inputs: {} },
  },
};

describe("the lock of a chain", () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "oci-kit-lock-"));
    file = join(directory, "chain.lock");
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it("is the same text whatever the order, and reads back as it was", () => {
    const units = Object.fromEntries(Object.entries(LOCK.units).reverse());
    expect(formatLock({ ...LOCK, units })).toBe(formatLock(LOCK));
    expect(parseLock(formatLock(LOCK), "chain.lock")).toEqual(LOCK);
  });

  it("has one digest a line, so that a review shows what has moved", () => {
    const lines = formatLock(LOCK)
      .split("\n")
      .filter((line) => line.includes("sha256:"));
    expect(lines).toHaveLength(3);
  });

  it("is written whole beside the old one, leaves nothing else, and is not touched when it says the same", async () => {
    expect(await writeLock(file, LOCK)).toBe(true);
    const { ino } = statSync(file);
    expect(await writeLock(file, LOCK)).toBe(false);
    expect(statSync(file).ino).toBe(ino);
    expect(await writeLock(file, { ...LOCK, units: {} })).toBe(true);
    expect(readdirSync(directory)).toEqual(["chain.lock"]);
    expect((await readLock(file))?.units).toEqual({});
  });

  it("is undefined only when there is none: one that is broken is an error", async () => {
    expect(await readLock(file)).toBeUndefined();
    await expect(readLock(directory)).rejects.toMatchObject({ code: "unreadable" });
  });

  it.each([
    ["no JSON", "<<<<<<< HEAD"],
    ["another version", JSON.stringify({ ...LOCK, version: 2 })],
    ["an unknown key", JSON.stringify({ ...LOCK, more: 1 })],
    [
      "a tag in place of a digest",
      JSON.stringify({ ...LOCK, units: { base: { tag: "base", digest: "latest", inputs: {} } } }),
    ],
    ["no units", JSON.stringify({ version: 1, buildPlatform: "linux/amd64" })],
  ])("is refused with %s", async (_, text) => {
    writeFileSync(file, text);
    await expect(readLock(file)).rejects.toMatchObject({ code: "invalid-json" });
  });
});

describe("a pin", () => {
  let chain: PublishedChain;
  beforeEach(async () => {
    chain = await startPublishedChain();
  });
  afterEach(() => chain.remove());

  it("is the digest that the registry has, with the repository", async () => {
    const { graph, images } = chain;
    const source = await openRepositoryImages(graph);
    const { digest } = images.get("sdk-arm64")!;
    const pin = await resolvePin(unitOf(graph, "sdk-arm64"), source);
    expect(pin).toEqual({
      unit: "sdk-arm64",
      digest,
      reference: `${graph.repository!}@${digest}`,
      by: "registry",
    });
  });

  it("of an index is the index's own digest", async () => {
    const { graph, images } = chain;
    const source = await openRepositoryImages(graph);
    const pin = await resolvePin(unitOf(graph, "runtime"), source);
    expect(pin.digest).toBe(images.get("runtime")!.digest);
  });

  it("is refused for a parent that is not there, and for one that can't be read, with another code", async () => {
    const { graph, registry } = chain;
    const answer = (status: number) => ({ kind: "answer", status, body: "{}" }) as const;
    registry.fail({ on: { reference: "base" }, does: answer(404) });
    registry.fail({ on: { reference: "tools" }, does: answer(403) });
    const source = await openRepositoryImages(graph);
    await expect(resolvePin(unitOf(graph, "base"), source)).rejects.toMatchObject({
      code: "not-found",
    });
    const unread = await resolvePin(unitOf(graph, "tools"), source).catch(
      (error: unknown) => error,
    );
    expect(unread).not.toMatchObject({ code: "not-found" });
  });

  it("is recorded under the family's keys, or others, and no value is cut where BuildKit reads it", () => {
    const pin = { unit: "base", digest: A, reference: `x.example/a@${A}`, by: "registry" } as const;
    expect(provenanceOf({ pin, stage: "base" }, "run-1", provenanceKeys())).toEqual({
      "org.kataglyphis.parent-digest": `x.example/a@${A}`,
      "org.kataglyphis.parent-stage": "base",
      "org.kataglyphis.run-id": "run-1",
    });
    const keys = provenanceKeys({ runId: "example.run" });
    expect(provenanceOf(undefined, "run-1", keys)).toEqual({ "example.run": "run-1" });
    for (const run of ["a,b", "a\nb", ""]) {
      expect(() => provenanceOf(undefined, run, keys)).toThrow(/without commas and line breaks/);
    }
  });
});
