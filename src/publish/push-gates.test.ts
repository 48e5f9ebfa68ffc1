// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { putImage, putIndex, recordStore } from "../../test/fixtures/family.ts";
import { TAG, digestAt, family, plan, push, writes } from "../../test/fixtures/push.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { OciError } from "../oci/errors.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { AnnotationKey } from "../oci/annotations.ts";
import { type Child, readChildren } from "./children/index-child.ts";
import type { GateName } from "./gates/gate.ts";
import { pushIndex } from "./push-index.ts";

/** Another image of the same run. */
async function another(architecture: string): Promise<Child> {
  const source = createMemoryStore({ name: "other" });
  const annotations = { [AnnotationKey.runId]: "run-1" };
  const image = await putImage(source, { architecture, content: "other", annotations });
  return (await readChildren(source, image, { name: "other", claims: [] })).children[0]!;
}

describe("the gates of a push", () => {
  const cases: readonly (readonly [GateName, string, () => Promise<PushCase>])[] = [
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
      async () => ({ children: [...(await family()), await another("amd64")] }),
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
    "%s refuses before a byte is sent, with its findings",
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
    "%s is overridden by force, which the result reports",
    async (gate, _message, make) => {
      const pushed = await make();
      const { store } = await prepared(pushed);
      const result = await push(store, pushed.children, [gate]);
      expect(result.overridden.map((finding) => finding.gate)).toContain(gate);
      expect(await digestAt(store, TAG)).toBe(result.index.digest);
    },
  );

  it("published-unreadable refuses, since an unreachable registry need not be empty", async () => {
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
    const { overridden } = await push(store, await family(), ["published-unreadable"]);
    expect(overridden.map(({ gate }) => gate)).toEqual(["published-unreadable"]);
  });

  it("let a push to a new tag through", async () => {
    expect((await plan(createMemoryStore(), await family())).findings).toEqual([]);
  });

  it("are evaluated again when another index was published while the images were sent", async () => {
    const target = createMemoryStore();
    const planned = await plan(target, await family());
    const meanwhile = await putImage(target, { architecture: "s390x" });
    const theirs = await putIndex(target, [meanwhile], TAG);
    await expect(pushIndex(planned)).rejects.toMatchObject({
      code: "gate-refused",
      message: expect.stringContaining("linux/s390x would be dropped") as string,
    });
    expect(await digestAt(target, TAG)).toBe(theirs.digest);
    const forced = await plan(target, await family(), { force: ["dropped-platform"] });
    expect((await pushIndex(forced)).tags[0]?.from).toBe(theirs.digest);
  });
});
