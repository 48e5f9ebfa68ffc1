// SPDX-License-Identifier: MIT
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { putImage } from "../../../test/fixtures/family.ts";
import {
  chainGraph,
  type PublishedChain,
  startPublishedChain,
} from "../../../test/fixtures/published-chain.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { copyReference } from "../../image/by-reference/copy-reference.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { provenanceKeys } from "../images/provenance-keys.ts";
import { judgeChain, readChain } from "../verify-chain.ts";

let chain: PublishedChain;
let { directory, graph, store, images } = {} as PublishedChain;

beforeEach(async () => {
  chain = await startPublishedChain();
  ({ directory, graph, store, images } = chain);
});
afterEach(() => chain.remove());

const PLACE = "out/android/riscv64";

async function layouts() {
  const reading = await readChain(graph, {
    directory,
    layouts: join(directory, "out/chain/layouts"),
    keys: provenanceKeys(),
  });
  return {
    verdict: judgeChain(reading),
    outcomes: reading.layouts.map(({ layout, outcome }) => ({ layout, ...outcome })),
  };
}

/** Saves another image as the layout, made by a run. */
async function save(runId: string | undefined): Promise<Descriptor> {
  const layout = await openLayout(join(directory, PLACE), { create: true });
  const annotations = runId === undefined ? {} : { "org.kataglyphis.run-id": runId };
  return putImage(layout, { architecture: "amd64", content: "saved", annotations, tag: "saved" });
}

describe("a saved layout beside what is published", () => {
  it("is the same when its image is, and then the chain holds", async () => {
    await copyReference(`${graph.repository!}:android-riscv64`, `oci:${join(directory, PLACE)}`);
    const { verdict, outcomes } = await layouts();
    expect(outcomes).toEqual([
      { layout: PLACE, state: "same", digest: images.get("android-riscv64")!.digest },
    ]);
    expect(verdict.answer).toBe("holds");
  });

  it("is older, in a word of its own, when an earlier run made it", async () => {
    const saved = await save("20261101-000000-00000000");
    const { verdict, outcomes } = await layouts();
    expect(outcomes).toMatchObject([
      { state: "older", digest: saved.digest, published: images.get("android-riscv64")!.digest },
    ]);
    expect(verdict).toMatchObject({ answer: "does-not-hold", outdated: 1, stale: 0 });
  });

  it("is newer when a later run made it, which is no fault: it is not pushed yet", async () => {
    await save("20261231-000000-00000000");
    const { verdict, outcomes } = await layouts();
    expect(outcomes).toMatchObject([{ state: "newer" }]);
    expect(verdict.answer).toBe("holds");
  });

  it("is older when it remembers that it was saved from a tag that names another image now", async () => {
    await copyReference(`${graph.repository!}:android-riscv64`, `oci:${join(directory, PLACE)}`);
    const saved = images.get("android-riscv64")!.digest;
    await putImage(store, { architecture: "amd64", content: "next", tag: "android-riscv64" });
    expect((await layouts()).outcomes).toMatchObject([
      {
        state: "older",
        digest: saved,
        reason: `it was saved from ${graph.repository!}:android-riscv64@${saved}, which is no longer published`,
      },
    ]);
  });

  it("differs when nothing says which came first, which is not taken for newer", async () => {
    await save(undefined);
    const { verdict, outcomes } = await layouts();
    expect(outcomes).toMatchObject([{ state: "differs" }]);
    expect(verdict.answer).toBe("does-not-hold");
  });

  it.each([
    ["2026-10-01T08:00:00Z", "older"],
    ["2026-12-01T08:00:00Z", "newer"],
    ["yesterday", "differs"],
  ])("made of an input of %s is %s, though its run id is a hash", async (created, state) => {
    const layout = await openLayout(join(directory, PLACE), { create: true });
    const recorded = (content: string, time: string): Record<string, string> => ({
      "org.kataglyphis.run-id": `sha256-${content}`,
      "org.kataglyphis.assemble.input.gcc": digestBytes(new TextEncoder().encode(content)),
      "org.kataglyphis.assemble.created.gcc": time,
    });
    const image = { architecture: "amd64" };
    const [mine, theirs] = [
      { ...image, content: "mine", annotations: recorded("mine", created) },
      { ...image, content: "theirs", annotations: recorded("theirs", "2026-11-01T08:00:00Z") },
    ];
    await putImage(layout, { ...mine, tag: "saved" });
    await putImage(store, { ...theirs, tag: "android-riscv64" });
    const [outcome] = (await layouts()).outcomes;
    expect(outcome?.state).toBe(state);
    if (outcome?.state === "older") {
      expect(outcome.reason).toBe(
        "its input gcc is of 2026-10-01T08:00:00Z, and of 2026-11-01T08:00:00Z in what is published",
      );
    }
  });

  it("is unknown when the directory is there and holds no layout", async () => {
    mkdirSync(join(directory, PLACE), { recursive: true });
    const { verdict, outcomes } = await layouts();
    expect(outcomes).toMatchObject([{ state: "unknown" }]);
    expect(verdict.answer).toBe("unknown");
  });
});

it("a chain without a repository is compared in its layouts", async () => {
  const local = chainGraph(undefined);
  const layout = await openLayout(join(directory, "out/android/riscv64"), { create: true });
  const android = await putImage(layout, { architecture: "amd64" });
  await layout.capabilities.addRoot(android);
  const annotations = {
    "org.kataglyphis.parent-digest": android.digest,
    "org.opencontainers.image.base.digest": android.digest,
  };
  const made = await openLayout(join(directory, "out/package/riscv64"), { create: true });
  const image = await putImage(made, { architecture: "riscv64", annotations });
  await made.capabilities.addRoot(image);
  const reading = await readChain(local, {
    directory,
    layouts: join(directory, "out/chain/layouts"),
    keys: provenanceKeys(),
  });
  const link = reading.links.find(({ id }) => id === "android-riscv64->package-riscv64");
  expect(link?.outcome).toEqual({ state: "fresh", parent: android.digest });
});
