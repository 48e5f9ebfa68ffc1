// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { putImage, putIndex, recordStore } from "../../test/fixtures/family.ts";
import {
  ARCHITECTURES,
  digestAt,
  family,
  plan,
  push,
  TAG,
  writes,
} from "../../test/fixtures/push.ts";
import { digestBytes } from "../bytes/hash.ts";
import { AnnotationKey } from "../oci/annotations.ts";
import { OciError } from "../oci/errors.ts";
import { parsePlatform } from "../oci/platform.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import type { ContentStore } from "../store/store.ts";
import { evaluateGates } from "./gates.ts";
import { type Child, readChildren } from "./children/index-child.ts";
import { readPublished } from "./published-index.ts";

/** The family as assembled from inputs that were made at this time, in a run of its own. */
async function madeAt(time: string, run: string, created = time): Promise<Child[]> {
  const source = createMemoryStore({ name: `out of ${run}` });
  const children: Child[] = [];
  for (const architecture of ARCHITECTURES) {
    const digest = digestBytes(new TextEncoder().encode(`${architecture} ${time}`));
    const annotations = {
      [AnnotationKey.runId]: run,
      [`${AnnotationKey.input}android`]: digest,
      [`${AnnotationKey.inputCreated}android`]: created,
    };
    const image = await putImage(source, { architecture, content: time, annotations });
    const name = `out/${architecture}`;
    children.push(...(await readChildren(source, image, { name, claims: [] })).children);
  }
  return children;
}

const OCTOBER = await madeAt("2026-10-01T08:00:00Z", "october");
const NOVEMBER = await madeAt("2026-11-01T08:00:00Z", "november");

const gatesOf = async (target: ContentStore, children: readonly Child[]): Promise<string[]> =>
  (await plan(target, children)).findings.map(({ gate }) => gate);

describe("what shipped the wrong thing before", () => {
  it("stale ship: a checkout with older layouts is not pushed over a newer index", async () => {
    const { store, calls } = recordStore(createMemoryStore());
    await push(store, NOVEMBER);
    const before = writes(calls).length;
    const refused = push(store, OCTOBER);
    await expect(refused).rejects.toMatchObject({ code: "gate-refused" });
    await expect(refused).rejects.toThrow(
      /older-than-published: out\/amd64 is older than the published .*: its input android: 2026-10-01T08:00:00Z here, 2026-11-01T08:00:00Z there/,
    );
    expect(writes(calls)).toHaveLength(before);
  });

  it("stale ship: an index that was replaced is not published again by pushing its images", async () => {
    const store = createMemoryStore();
    const [first, second] = [await family(ARCHITECTURES, "1"), await family(ARCHITECTURES, "2")];
    await push(store, first);
    await push(store, second);
    expect(await gatesOf(store, first)).toEqual(ARCHITECTURES.map(() => "older-than-published"));
    const forced = await push(store, first, ["older-than-published"]);
    const published = await readPublished(store, TAG);
    expect(published).toMatchObject({
      document: {
        value: { annotations: { [AnnotationKey.forcedGates]: "older-than-published" } },
      },
    });
    expect(forced.overridden).toHaveLength(ARCHITECTURES.length);
  });

  it("stale ship: an earlier run is told by the time in its id, and a later one passes", async () => {
    const store = createMemoryStore();
    await push(store, await family(ARCHITECTURES, "20260814-093000-0123abcd"));
    expect(await gatesOf(store, await family(ARCHITECTURES, "20260814-092959-89abcdef"))).toContain(
      "older-than-published",
    );
    expect(await gatesOf(store, await family(ARCHITECTURES, "20260815-000000-89abcdef"))).toEqual(
      [],
    );
  });

  it("stale ship: an age that can't be read does not pass as none", async () => {
    const store = createMemoryStore();
    await push(store, NOVEMBER);
    const broken = await madeAt("2026-12-01T08:00:00Z", "december", "yesterday");
    const refused = push(store, broken);
    await expect(refused).rejects.toMatchObject({ code: "unreadable" });
    await expect(refused).rejects.toThrow(/unreadable-generation: how old out\/amd64 is/);
  });

  it("stale ship: times that reproducible builds set for no time do not count", async () => {
    const store = createMemoryStore();
    await push(store, NOVEMBER);
    expect(await gatesOf(store, await madeAt("x", "epoch", "1970-01-01T00:00:00Z"))).toEqual([]);
  });

  it("index shrink: a run for one architecture does not replace an index of three", async () => {
    const store = createMemoryStore();
    await push(store, await family());
    const before = await digestAt(store, TAG);
    const alone = plan(store, await family(["riscv64"], "2"), { architectures: undefined });
    expect((await alone).findings.map(({ gate }) => gate)).toEqual([
      "dropped-platform",
      "dropped-platform",
    ]);
    expect(await digestAt(store, TAG)).toBe(before);
  });

  it("lateral swap: as many other platforms are no replacement", async () => {
    const store = createMemoryStore();
    await push(store, await family());
    const swapped = await family(["amd64", "arm64", "s390x"], "2");
    const { findings } = await plan(store, swapped, { architectures: undefined });
    expect(findings.map(({ gate }) => gate)).toEqual(["dropped-platform"]);
  });

  it("index shrink: attestations are no architectures", async () => {
    const store = createMemoryStore();
    const image = await putImage(store, { architecture: "amd64" });
    const attestation = {
      ...(await putImage(store, { architecture: "unknown", os: "unknown" })),
      platform: { architecture: "unknown", os: "unknown" },
    };
    await putIndex(store, [image, attestation], TAG);
    expect(await gatesOf(store, await family())).toEqual([]);
  });

  it("mixed generations: no tag of an image goes live before the gate of the index", async () => {
    const { store, calls } = recordStore(createMemoryStore());
    const mixed = [...(await family(["amd64", "arm64"], "1")), ...(await family(["riscv64"], "2"))];
    const refused = push(store, mixed);
    await expect(refused).rejects.toMatchObject({
      hint: expect.stringContaining("--run-id") as string,
    });
    expect(writes(calls)).toEqual([]);
  });

  it("mixed generations: images of which some record a run are not taken for one generation", async () => {
    const source = createMemoryStore();
    const image = await putImage(source, { architecture: "riscv64" });
    const { children } = await readChildren(source, image, { name: "out/riscv64", claims: [] });
    const mixed = [...(await family(["amd64", "arm64"])), ...children];
    expect(await gatesOf(createMemoryStore(), mixed)).toEqual(["mixed-generations"]);
  });

  it("stale ancestor: an image is not published when its input is another by now, or can't be asked", async () => {
    const [child] = OCTOBER;
    const { origin } = (await plan(createMemoryStore(), [child!])).children[0]!.facts;
    const input = { name: "android", reference: "host/android:amd64" };
    const facts = {
      ...{ name: "out/amd64", digest: child!.descriptor.digest, claims: [], origin, config: {} },
      platform: parsePlatform("amd64"),
    };
    const judge = (inputsNow: Parameters<typeof evaluateGates>[0]["children"][0]["inputsNow"]) =>
      evaluateGates({
        children: [{ ...facts, inputsNow }],
        architectures: undefined,
        published: { state: "absent" },
      });
    const digest = digestBytes(new TextEncoder().encode("newer"));
    expect(judge([{ ...input, state: "present", digest }])).toMatchObject([
      { gate: "stale-input" },
    ]);
    const error = new OciError("unreachable", "no route to host");
    expect(judge([{ ...input, state: "unreadable", error }])).toMatchObject([
      { gate: "unreadable-input" },
    ]);
    expect(judge([{ ...input, state: "absent" }])).toEqual([]);
  });

  it("push inside the build: a push that failed is pushed again, and sends only what is missing", async () => {
    const inner = createMemoryStore();
    const children = await family();
    const late = `push ${children[2]!.descriptor.digest}`;
    let isDown = true;
    const { store, calls } = recordStore(inner, (call) =>
      isDown && call === late ? new OciError("unreachable", "429 too many requests") : undefined,
    );
    await expect(push(store, children)).rejects.toMatchObject({ code: "unreachable" });
    const sent = writes(calls).filter((call) => call !== late);
    isDown = false;
    calls.length = 0;
    await push(store, children);
    expect(writes(calls).filter((call) => sent.includes(call))).toEqual([]);
    expect(writes(calls)).toContain(late);
  });

  it("patched registry reading: a tag is answered with the index's digest, never its first child's", async () => {
    const store = createMemoryStore();
    const { index } = await push(store, await family());
    const published = await readPublished(store, TAG);
    expect(published).toMatchObject({ descriptor: { digest: index.digest } });
    expect(await digestAt(store, TAG)).toBe(index.digest);
  });

  it("patched registry reading: a registry that does not answer is neither empty nor fresh", async () => {
    const down = new OciError("unreachable", "connection refused");
    const { store } = recordStore(createMemoryStore(), (call) =>
      call === `resolve ${TAG}` ? down : undefined,
    );
    expect(await gatesOf(store, await family())).toEqual(["published-unreadable"]);
  });

  it("images of one family that start differently are not one index", async () => {
    const [amd64, arm64] = NOVEMBER;
    const { children } = await plan(createMemoryStore(), [amd64!, arm64!]);
    const facts = children.map(({ facts: one }, at) => ({
      ...one,
      config: { Entrypoint: at === 0 ? ["/bin/a"] : ["/bin/b"], User: "1001", Cmd: [] },
    }));
    const published = { state: "absent" } as const;
    const findings = evaluateGates({ children: facts, architectures: undefined, published });
    expect(findings.map(({ gate }) => gate)).toEqual(["differing-configuration"]);
    expect(findings[0]?.message).toBe(
      'Entrypoint is ["/bin/a"] in out/amd64, and ["/bin/b"] in out/arm64',
    );
  });
});
