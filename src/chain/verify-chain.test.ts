// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { putAttestation, putImage, putIndex } from "../../test/fixtures/family.ts";
import {
  chainGraph,
  publishUnit,
  recordsOf,
  type PublishedChain,
  startPublishedChain,
} from "../../test/fixtures/published-chain.ts";
import { unitOf } from "./graph/stage-graph.ts";
import { provenanceKeys } from "./images/provenance-keys.ts";
import { planChain } from "./plan/plan-chain.ts";
import { type ChainReading, judgeChain, readChain, type ReadChainOptions } from "./verify-chain.ts";

let chain: PublishedChain;
let { registry, directory, graph, store, images } = {} as PublishedChain;

beforeEach(async () => {
  chain = await startPublishedChain();
  ({ registry, directory, graph, store, images } = chain);
});
afterEach(() => chain.remove());

const read = (more: Partial<ReadChainOptions> = {}): Promise<ChainReading> =>
  readChain(graph, {
    directory,
    layouts: join(directory, "out/chain/layouts"),
    keys: provenanceKeys(),
    ...more,
  });

function outcome({ links }: ChainReading, id: string) {
  return links.find((link) => link.id === id)?.outcome;
}

/** Publishes a unit again as another image, made from what its parents are now. */
async function rebuild(id: string): Promise<void> {
  images.set(id, await publishUnit(unitOf(graph, id), store, images, `${id}, again`));
}

describe("a chain of ten stages for three architectures", () => {
  it("is fresh when every image was made from what its parent is", async () => {
    expect(judgeChain(await read())).toMatchObject({
      answer: "holds",
      compared: 2 + 9 + 3 + 6 + 3 + 3,
      stale: 0,
      unknown: 0,
    });
  });

  it("is read without one blob, and with at most two requests an image", async () => {
    const before = registry.requests.length;
    await read();
    const made = registry.requests.slice(before);
    expect(made.filter((request) => request.includes("/blobs/"))).toEqual([]);
    expect(made.length).toBeGreaterThanOrEqual(graph.units.length);
    expect(made.length).toBeLessThanOrEqual(graph.units.length * 2 + 2);
  });

  it("is stale where a parent was built again, with what it was built from and where to begin", async () => {
    const before = images.get("sdk-arm64")!.digest;
    await rebuild("sdk-arm64");
    const reading = await read();
    expect(outcome(reading, "sdk-arm64->media-arm64")).toEqual({
      state: "stale",
      builtFrom: before,
      parent: images.get("sdk-arm64")!.digest,
      rebuildFrom: "media",
    });
    expect(judgeChain(reading)).toMatchObject({ answer: "does-not-hold", stale: 1, unknown: 0 });
  });

  it("is stale where the runtime base was built again: the runtime lane is checked too", async () => {
    await rebuild("runtime-base-riscv64");
    expect(outcome(await read(), "runtime-base-riscv64->package-riscv64")?.state).toBe("stale");
  });

  it("is stale where the index holds another image than the one under its own tag", async () => {
    await rebuild("wrapper-arm64");
    expect(outcome(await read(), "wrapper-arm64->runtime")).toMatchObject({
      state: "stale",
      parent: images.get("wrapper-arm64")!.digest,
    });
  });

  it("plans what is stale, and everything that is made from it, and nothing else", async () => {
    await rebuild("sdk-arm64");
    const { units } = planChain(await read());
    const built = units.filter(({ action }) => action === "build").map(({ unit }) => unit.id);
    // the images of an index are one generation: with one of them all are made anew
    expect(built).toEqual([
      "media-arm64",
      "android-arm64",
      ...["package-amd64", "package-arm64", "package-riscv64"],
      ...["wrapper-amd64", "wrapper-arm64", "wrapper-riscv64"],
      "runtime",
    ]);
    expect(units.find(({ unit }) => unit.id === "package-amd64")?.reasons).toMatchObject([
      { kind: "generation", unit: "package-arm64" },
    ]);
    expect(units.find(({ unit }) => unit.id === "android-arm64")?.reasons).toEqual([
      { kind: "parent-built", parent: "media-arm64", message: "media-arm64 is built again" },
    ]);
  });

  it("compares only the part that was asked for", async () => {
    const reading = await read({
      selection: { from: "sdk", to: "media", architectures: ["riscv64"] },
    });
    expect(reading.links.map(({ id }) => id)).toEqual([
      "compiler->sdk-riscv64",
      "sdk-riscv64->media-riscv64",
    ]);
  });
});

describe("a parent that is an index", () => {
  it("is pinned by its own digest, never by that of its first child", async () => {
    const unit = unitOf(graph, "compiler");
    const first = await putImage(store, { architecture: "arm64", content: "foreign" });
    const own = await putImage(store, { architecture: "amd64", content: "own" });
    const platform = (architecture: string) => ({ os: "linux", architecture });
    const index = await putIndex(
      store,
      [
        { ...first, platform: platform("arm64") },
        { ...own, platform: platform("amd64") },
      ],
      unit.tag,
    );
    const child = (digest: string) =>
      putImage(store, {
        architecture: "amd64",
        annotations: { "org.kataglyphis.parent-digest": `x.example/a@${digest}` },
        tag: "sdk-amd64",
      });
    const state = async (): Promise<unknown> => outcome(await read(), "compiler->sdk-amd64");
    await child(index.digest);
    expect(await state()).toEqual({ state: "fresh", parent: index.digest });
    await child(first.digest);
    expect(await state()).toMatchObject({
      state: "stale",
      builtFrom: first.digest,
      parent: index.digest,
    });
  });

  it("keeps the records of its one image, as BuildKit writes it with an attestation", async () => {
    const unit = unitOf(graph, "sdk-amd64");
    const image = await putImage(store, {
      architecture: "amd64",
      annotations: recordsOf(unit, images),
    });
    const platform = { os: "linux", architecture: "amd64" };
    await putIndex(store, [{ ...image, platform }, await putAttestation(store, image)], unit.tag);
    expect(outcome(await read(), "compiler->sdk-amd64")?.state).toBe("fresh");
  });
});

describe("what can't be compared is unknown, and never fresh", () => {
  it("for an image that records nothing", async () => {
    await putImage(store, { architecture: "amd64", tag: "sdk-amd64" });
    const reading = await read();
    expect(outcome(reading, "compiler->sdk-amd64")).toMatchObject({
      state: "unknown",
      because: "unrecorded",
    });
    expect(
      judgeChain({
        ...reading,
        links: reading.links.filter(
          ({ child }) => child.id === "sdk-amd64" || child.id === "compiler",
        ),
      }),
    ).toMatchObject({ answer: "unknown" });
  });

  it("for a record that is no digest, or empty", async () => {
    for (const value of ["latest", "", "x@sha256:12"]) {
      const annotations = { "org.kataglyphis.parent-digest": value };
      await putImage(store, { architecture: "amd64", annotations, tag: "sdk-amd64" });
      expect(outcome(await read(), "compiler->sdk-amd64")).toMatchObject({ because: "unreadable" });
    }
  });

  it("for a label that can't be read, which is not a label that is absent", async () => {
    const labels = { "org.kataglyphis.parent-digest": images.get("compiler")!.digest };
    await putImage(store, { architecture: "amd64", labels, tag: "sdk-amd64" });
    expect(outcome(await read(), "compiler->sdk-amd64")?.state).toBe("fresh");
    const broken = { kind: "answer", status: 403, body: "{}" } as const;
    registry.fail({ on: { endpoint: "blob" }, does: broken });
    expect(outcome(await read(), "compiler->sdk-amd64")).toMatchObject({ because: "unreadable" });
  });

  it("for an image that is not there, and one whose manifest is refused", async () => {
    const answer = (status: number) => ({ kind: "answer", status, body: "{}" }) as const;
    registry.fail({ on: { reference: "sdk-amd64" }, does: answer(404) });
    registry.fail({ on: { reference: "sdk-arm64" }, does: answer(403) });
    const reading = await read();
    expect(outcome(reading, "compiler->sdk-amd64")).toMatchObject({ because: "not-built" });
    expect(outcome(reading, "sdk-amd64->media-amd64")).toMatchObject({ because: "parent-missing" });
    expect(outcome(reading, "compiler->sdk-arm64")).toMatchObject({ because: "unreadable" });
    expect(judgeChain(reading)).toMatchObject({ answer: "unknown", stale: 0 });
    const { units } = planChain(reading);
    const action = (id: string) => units.find(({ unit }) => unit.id === id)?.action;
    expect([action("sdk-amd64"), action("sdk-arm64"), action("media-arm64")]).toEqual([
      "build",
      "unknown",
      "unknown",
    ]);
  });
});

describe("a chain of which nothing can be compared is a failure, never fresh", () => {
  it("when the registry is gone", async () => {
    await registry.close();
    const reading = await read({ patience: 3000 });
    expect(() => judgeChain(reading)).toThrow(
      expect.objectContaining({ code: "unreachable" }) as Error,
    );
    expect(planChain(reading).units.map(({ action }) => action)).toEqual(
      graph.units.map(() => "unknown"),
    );
  });

  it("when the registry does not answer, which is told when patience ends", async () => {
    registry.fail({ on: {}, does: { kind: "silent" } });
    const reading = await read({ patience: 300 });
    expect(() => judgeChain(reading)).toThrow(/no link could be compared/);
  });

  it("when nothing is published", async () => {
    const other = chainGraph(`${registry.host}/family/other`);
    const reading = await readChain(other, {
      directory,
      layouts: join(directory, "out/chain/layouts"),
      keys: provenanceKeys(),
    });
    expect(() => judgeChain(reading)).toThrow(
      expect.objectContaining({ code: "nothing-to-check" }) as Error,
    );
    expect(planChain(reading).units.map(({ action }) => action)).toEqual(
      other.units.map(() => "build"),
    );
  });

  it("when only a stage without a parent is asked for", async () => {
    const reading = await read({ selection: { only: ["base"] } });
    expect(() => judgeChain(reading)).toThrow(/expected links to compare, got none: there is none/);
  });

  it("when it is stopped by the caller, who is told so", async () => {
    registry.fail({ on: {}, does: { kind: "silent" } });
    const stopping = read({ signal: AbortSignal.timeout(50) });
    await expect(stopping).rejects.toMatchObject({ code: "aborted" });
  });
});
