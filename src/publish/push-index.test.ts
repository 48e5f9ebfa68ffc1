// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { putAttestation, putImage, putIndex, recordStore } from "../../test/fixtures/family.ts";
import {
  ARCHITECTURES,
  TAG,
  digestAt,
  family,
  plan,
  push,
  writes,
} from "../../test/fixtures/push.ts";
import { OciError } from "../oci/errors.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { readIndex } from "../store/read-documents.ts";
import { type Child, readChildren } from "./children/index-child.ts";
import { pushIndex } from "./push-index.ts";

describe("planIndexPush", () => {
  it("lists what it would send and which tags it would move, and sends nothing", async () => {
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

  it("counts content that images share only once", async () => {
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

  it("makes the same index for any order of the children, and of one that was given twice", async () => {
    const children = await family();
    const one = await plan(createMemoryStore(), children);
    const other = await plan(createMemoryStore(), [...children, ...children].reverse());
    expect(other.index.bytes).toEqual(one.index.bytes);
    expect(other.findings).toEqual([]);
    expect(one.index.value.manifests.map(({ platform }) => platform?.architecture)).toEqual(
      ARCHITECTURES,
    );
  });

  it("refuses a push without children, even with force", async () => {
    await expect(plan(createMemoryStore(), [])).rejects.toMatchObject({ code: "nothing-to-check" });
  });

  it("refuses a tag that looks like that of one architecture", async () => {
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

  it("sends nothing the second time, touches no tag, and reports that", async () => {
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

  it("sends only the new layer and the manifests when one image changed", async () => {
    const target = createMemoryStore();
    const source = createMemoryStore();
    await push(target, await family(ARCHITECTURES, "run-1", source));
    const image = await putImage(source, { architecture: "riscv64", content: "changed" });
    const changed = (await readChildren(source, image, { name: "out/riscv64", claims: [] }))
      .children;
    const others = (await family(["amd64", "arm64"], "run-1", source)).concat(changed);
    const planned = await plan(target, others, { force: ["mixed-generations"] });
    expect(planned.children.map(({ toSend }) => toSend.count)).toEqual([0, 0, 3]);
    expect((await pushIndex(planned)).sent.count).toBe(4);
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

  it("pushes BuildKit's attestations with their images", async () => {
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
