// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { putAttestation, putImage, putIndex, recordStore } from "../../test/fixtures/family.ts";
import { makeIndex } from "../image/index-document.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { OciError } from "../oci/errors.ts";
import { openLayout } from "../store/layout.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { readIndex } from "../store/read-documents.ts";
import type { ContentStore } from "../store/store.ts";
import { type Child, readChildren } from "./child.ts";
import { type PlanOptions, planIndexPush } from "./plan-push.ts";
import { DEFAULT_PROVENANCE_KEYS } from "./provenance.ts";
import { pushIndex } from "./push-index.ts";

const ARCHITECTURES = ["amd64", "arm64", "riscv64"];
const TAG = "latest-cross";

/** The images of a family in a store of their own, all of one run. */
async function family(
  architectures: readonly string[] = ARCHITECTURES,
  run = "run-1",
  source: ContentStore = createMemoryStore({ name: "out" }),
): Promise<Child[]> {
  const children: Child[] = [];
  for (const architecture of architectures) {
    const annotations = { [DEFAULT_PROVENANCE_KEYS.runId]: run };
    const image = await putImage(source, { architecture, annotations });
    const name = `out/${architecture}`;
    children.push(...(await readChildren(source, image, { name, claims: [] })).children);
  }
  return children;
}

async function push(target: ContentStore, children: readonly Child[], force = false) {
  return pushIndex(await plan(target, children), { force });
}

async function plan(
  target: ContentStore,
  children: readonly Child[],
  options: Partial<PlanOptions> = {},
) {
  return planIndexPush({ target, tag: TAG, children, architectures: ARCHITECTURES, ...options });
}

function writes(calls: readonly string[]): string[] {
  return calls.filter((call) => call.startsWith("push") || call.startsWith("tag"));
}

async function digestAt(store: ContentStore, tag: string): Promise<string | undefined> {
  return (await store.resolve(tag)).digest;
}

describe("planIndexPush", () => {
  it("says what it would send and which tags it would move, and sends nothing", async () => {
    const { store, calls } = recordStore(createMemoryStore({ name: "target" }));
    const children = await family();
    const planned = await plan(store, children);
    const bytes = children.map(({ image }) => {
      const { config, layers } = image.manifest.value;
      return [image.descriptor, config, ...layers].reduce((sum, { size }) => sum + size, 0);
    });
    expect(planned.children.map(({ toSend }) => toSend)).toEqual(
      bytes.map((sum) => ({ count: 3, bytes: sum })),
    );
    const all = bytes.reduce((sum, one) => sum + one, 0) + planned.index.descriptor.size;
    expect(planned.toSend).toEqual({ count: 10, bytes: all });
    expect(planned.tags.map(({ tag, from }) => [tag, from])).toEqual([
      ["latest-cross", undefined],
      ["latest-cross-amd64", undefined],
      ["latest-cross-arm64", undefined],
      ["latest-cross-riscv64", undefined],
    ]);
    expect(planned).toMatchObject({ findings: [], upToDate: false });
    expect(writes(calls)).toEqual([]);
  });

  it("counts content that images share once", async () => {
    const source = createMemoryStore();
    const children: Child[] = [];
    for (const architecture of ["amd64", "arm64"]) {
      const image = await putImage(source, { architecture, content: "shared" });
      const options = { name: architecture, claims: [] };
      children.push(...(await readChildren(source, image, options)).children);
    }
    const planned = await plan(createMemoryStore(), children, { architectures: undefined });
    expect(planned.children.map(({ toSend }) => toSend.count)).toEqual([3, 2]);
  });

  it("makes the same index whatever the order of the children, and takes one that came twice once", async () => {
    const children = await family();
    const one = await plan(createMemoryStore(), children);
    const other = await plan(createMemoryStore(), [...children, ...children].reverse());
    expect(other.index.bytes).toEqual(one.index.bytes);
    expect(other.findings).toEqual([]);
    expect(one.index.value.manifests.map(({ platform }) => platform?.architecture)).toEqual(
      ARCHITECTURES,
    );
  });

  it("finds nothing to check without children, and force does not help", async () => {
    await expect(plan(createMemoryStore(), [])).rejects.toMatchObject({ code: "nothing-to-check" });
  });

  it("refuses a tag that reads as one architecture's", async () => {
    const options = { tag: "latest-amd64" };
    await expect(plan(createMemoryStore(), await family(), options)).rejects.toMatchObject({
      code: "invalid-argument",
    });
  });
});

describe("pushIndex", () => {
  it("pushes the images by digest, then the index and its tag, then the images' tags", async () => {
    const { store, calls } = recordStore(createMemoryStore());
    const children = await family();
    const planned = await plan(store, children);
    const result = await pushIndex(planned);
    const effects = writes(calls);
    const [amd64, arm64, riscv64] = children.map((child) => `push ${child.descriptor.digest}`);
    expect(effects.filter((call) => [amd64, arm64, riscv64].includes(call))).toEqual([
      amd64,
      arm64,
      riscv64,
    ]);
    expect(effects.slice(-5)).toEqual([
      `push ${planned.index.descriptor.digest}`,
      "tag latest-cross",
      "tag latest-cross-amd64",
      "tag latest-cross-arm64",
      "tag latest-cross-riscv64",
    ]);
    expect(result).toMatchObject({ changed: true, overridden: [], sent: planned.toSend });
    expect(result.tags).toHaveLength(4);
    const published = await readIndex(store, await store.resolve(TAG));
    expect(published.bytes).toEqual(planned.index.bytes);
    expect(await digestAt(store, "latest-cross-arm64")).toBe(children[1]?.descriptor.digest);
  });

  it("sends nothing the second time, touches no tag, and says so", async () => {
    const inner = createMemoryStore();
    await push(inner, await family());
    const { store, calls } = recordStore(inner);
    const planned = await plan(store, await family());
    expect(planned).toMatchObject({ upToDate: true, toSend: { count: 0, bytes: 0 } });
    expect(await pushIndex(planned)).toMatchObject({
      changed: false,
      sent: { count: 0, bytes: 0 },
      tags: [],
    });
    expect(writes(calls)).toEqual([]);
  });

  it("sends one image's new layer, the manifests and nothing else when one image changed", async () => {
    const target = createMemoryStore();
    const source = createMemoryStore();
    await push(target, await family(ARCHITECTURES, "run-1", source));
    const image = await putImage(source, { architecture: "riscv64", content: "changed" });
    const changed = (await readChildren(source, image, { name: "out/riscv64", claims: [] }))
      .children;
    const others = (await family(["amd64", "arm64"], "run-1", source)).concat(changed);
    const planned = await plan(target, others);
    expect(planned.children.map(({ toSend }) => toSend.count)).toEqual([0, 0, 3]);
    expect((await pushIndex(planned, { force: true })).sent.count).toBe(4);
  });

  it("leaves what is published when an image's push fails", async () => {
    const inner = createMemoryStore();
    await push(inner, await family());
    const before = await digestAt(inner, TAG);
    const children = await family(ARCHITECTURES, "run-2");
    const lost = `push ${children[2]!.descriptor.digest}`;
    const error = new OciError("unreachable", "connection reset");
    const { store, calls } = recordStore(inner, (call) => (call === lost ? error : undefined));
    await expect(push(store, children)).rejects.toMatchObject({ code: "unreachable" });
    expect(writes(calls).filter((call) => call.startsWith("tag"))).toEqual([]);
    expect(await digestAt(inner, TAG)).toBe(before);
  });

  it("carries BuildKit's attestations along with their images", async () => {
    const source = createMemoryStore();
    const image = await putImage(source, { architecture: "amd64" });
    const attestation = await putAttestation(source, image);
    const root = await putIndex(source, [attestation, image]);
    const { children } = await readChildren(source, root, { name: "out/amd64", claims: [] });
    const target = createMemoryStore();
    const planned = await plan(target, children, { architectures: ["amd64"] });
    await pushIndex(planned);
    expect(planned.index.value.manifests.map(({ digest }) => digest)).toEqual([
      image.digest,
      attestation.digest,
    ]);
    expect(await target.exists(attestation)).toBe(true);
    const again = await plan(target, children, { architectures: ["amd64"] });
    expect(again).toMatchObject({ upToDate: true, findings: [] });
  });

  it("stops when aborted, before any tag", async () => {
    const { store, calls } = recordStore(createMemoryStore());
    const planned = await plan(store, await family());
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(pushIndex(planned, { signal })).rejects.toThrow();
    expect(calls.filter((call) => call.startsWith("tag"))).toEqual([]);
  });
});

describe("the gates of a push", () => {
  const cases: readonly (readonly [string, string, () => Promise<PushCase>])[] = [
    [
      "missing-architecture",
      "riscv64 is missing",
      async () => ({ children: await family(["amd64", "arm64"]) }),
    ],
    [
      "dropped-platform",
      "linux/s390x would be dropped",
      async () => ({ children: await family(), published: ["amd64", "s390x"] }),
    ],
    [
      "duplicate-platform",
      "linux/amd64 is claimed by 2 images",
      async () => ({ children: [...(await family()), ...(await family(["amd64"], "run-1b"))] }),
    ],
    [
      "wrong-platform",
      "for linux/s390x by its directory",
      async () => {
        const [first, ...rest] = await family();
        const platform = { os: "linux", architecture: "s390x" };
        return { children: [{ ...first!, claims: [{ by: "directory", platform }] }, ...rest] };
      },
    ],
    [
      "mixed-generations",
      "run run-2: out/riscv64",
      async () => ({
        children: [...(await family(["amd64", "arm64"])), ...(await family(["riscv64"], "run-2"))],
      }),
    ],
  ];

  interface PushCase {
    readonly children: readonly Child[];
    readonly published?: readonly string[];
  }

  async function prepared({ published = [] }: PushCase) {
    const inner = createMemoryStore();
    const images: Descriptor[] = [];
    for (const architecture of published) images.push(await putImage(inner, { architecture }));
    const before = published.length === 0 ? undefined : await putIndex(inner, images, TAG);
    return { inner, before, ...recordStore(inner) };
  }

  it.each(cases)(
    "%s refuses before a byte is sent, and says which",
    async (gate, message, make) => {
      const pushed = await make();
      const { store, calls } = await prepared(pushed);
      const refused = push(store, pushed.children);
      await expect(refused).rejects.toMatchObject({
        code: "gate-refused",
        message: expect.stringContaining(`${gate}: `) as string,
      });
      await expect(refused).rejects.toThrow(message);
      expect(writes(calls)).toEqual([]);
    },
  );

  it.each(cases)(
    "%s is overridden by force, and the result says so",
    async (gate, _message, make) => {
      const pushed = await make();
      const { store } = await prepared(pushed);
      const result = await push(store, pushed.children, true);
      expect(result.overridden.map((finding) => finding.gate)).toContain(gate);
      expect(await digestAt(store, TAG)).toBe(result.index.digest);
    },
  );

  it("published-unreadable refuses: an unreachable registry is no empty one", async () => {
    const down = new OciError("unreachable", "no route to host");
    const { store, calls } = recordStore(createMemoryStore(), (call) =>
      call === `resolve ${TAG}` ? down : undefined,
    );
    await expect(push(store, await family())).rejects.toMatchObject({
      code: "unreadable",
      cause: down,
      message: expect.stringContaining("published-unreadable: ") as string,
    });
    expect(writes(calls)).toEqual([]);
    const { overridden } = await push(store, await family(), true);
    expect(overridden.map(({ gate }) => gate)).toEqual(["published-unreadable"]);
  });

  it("a tag that is not there is nothing to protect", async () => {
    expect((await plan(createMemoryStore(), await family())).findings).toEqual([]);
  });

  it("asks again when what is published changed while the images were sent", async () => {
    const target = createMemoryStore();
    const planned = await plan(target, await family());
    const meanwhile = await putImage(target, { architecture: "s390x" });
    const theirs = await putIndex(target, [meanwhile], TAG);
    await expect(pushIndex(planned)).rejects.toMatchObject({
      code: "gate-refused",
      message: expect.stringContaining("linux/s390x would be dropped") as string,
    });
    expect(await digestAt(target, TAG)).toBe(theirs.digest);
    expect((await pushIndex(planned, { force: true })).tags[0]?.from).toBe(theirs.digest);
  });
});

describe("a push to a layout", () => {
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "oci-kit-push-"));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it("leaves the index and each image under its tag, complete", async () => {
    const target = await openLayout(join(directory, "index"), { create: true });
    const children = await family();
    const result = await push(target, children);
    const read = await openLayout(join(directory, "index"));
    expect((await read.capabilities.tags()).join(" ")).toBe(
      "latest-cross latest-cross-amd64 latest-cross-arm64 latest-cross-riscv64",
    );
    const published = await readIndex(read, await read.resolve(TAG));
    expect(published.descriptor.digest).toBe(result.index.digest);
    for (const { image } of children) {
      const { config, layers } = image.manifest.value;
      for (const one of [image.descriptor, config, ...layers]) {
        expect(await read.exists(one)).toBe(true);
      }
    }
    const roots = await read.capabilities.roots();
    expect(roots).toHaveLength(4);
    expect((await push(read, await family())).changed).toBe(false);
  });

  it("moves nothing but the index when the images are in the same layout", async () => {
    const layout = await openLayout(join(directory, "same"), { create: true });
    const children = await family(ARCHITECTURES, "run-1", layout);
    const result = await push(layout, children);
    expect(result.sent).toEqual({ count: 1, bytes: result.index.size });
    const { descriptor } = makeIndex(children.map((child) => child.descriptor));
    expect(result.index).toEqual(descriptor);
  });
});
