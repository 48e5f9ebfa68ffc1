// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Digest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import { buildImage, type BuiltImage } from "../../testing/build-image.ts";
import { createMemoryStore } from "../memory-store.ts";
import type { ContentStore, ReadableStore } from "../store.ts";
import { copy } from "./copy.ts";

const BASE = "registry.example/family/base:1";

interface Beside {
  readonly target: ContentStore;
  readonly asked: string[];
  readonly mounted: Digest[];
}

/** A target whose registry has some digests in the base's repository. */
function targetBeside(held: readonly Digest[], exists?: ReadableStore["exists"]): Beside {
  const memory = createMemoryStore();
  const asked: string[] = [];
  const mounted: Digest[] = [];
  const base: ReadableStore = {
    ...createMemoryStore(),
    exists: exists ?? (({ digest }) => Promise.resolve(held.includes(digest))),
  };
  const target: ContentStore = {
    ...memory,
    capabilities: {
      ...memory.capabilities,
      sibling: (name) => (asked.push(name), name === BASE ? base : undefined),
      mount: ({ digest }, from) => {
        if (from !== base) return Promise.resolve(false);
        mounted.push(digest);
        return Promise.resolve(true);
      },
    },
  };
  return { target, asked, mounted };
}

async function imageOn(base: string | undefined): Promise<{ store: ContentStore } & BuiltImage> {
  const store = createMemoryStore();
  const built = await buildImage(store, {
    layers: [{ base: "of the base" }, { own: "new" }],
    ...(base !== undefined && { annotations: { [AnnotationKey.baseName]: base } }),
  });
  return { store, ...built };
}

it("layers that the base's repository has are mounted, the others are sent", async () => {
  const { store, descriptor, layers } = await imageOn(BASE);
  const { target, mounted } = targetBeside([layers[0]!.digest]);
  const summary = await copy(store, descriptor, target, { tag: "1" });
  expect(mounted).toEqual([layers[0]!.digest]);
  expect(summary.mounted).toEqual({ count: 1, bytes: layers[0]!.size });
  expect(await target.exists(layers[1]!)).toBe(true);
});

it("content that the source has not is never mounted, whatever its manifest names", async () => {
  const { store, descriptor, layers } = await imageOn(BASE);
  const [first] = layers;
  const lying: ContentStore = {
    ...store,
    fetch: (wanted, options) => {
      if (wanted.digest !== first!.digest) return store.fetch(wanted, options);
      throw new OciError("digest-mismatch", "not what it says");
    },
  };
  const { target, mounted } = targetBeside(layers.map(({ digest }) => digest));
  const failed = copy(lying, descriptor, target, { concurrency: 1 });
  await expect(failed).rejects.toMatchObject({ code: "digest-mismatch", side: "source" });
  expect(mounted).not.toContain(first!.digest);
});

it("no repository is asked without a name, in a dry run, or for a name of elsewhere", async () => {
  const unnamed = await imageOn(undefined);
  const { target, asked } = targetBeside([]);
  await copy(unnamed.store, unnamed.descriptor, target);
  const named = await imageOn(BASE);
  await copy(named.store, named.descriptor, target, { dryRun: true });
  expect(asked).toEqual([]);
  const foreign = await imageOn("other.example/base");
  const { copied } = await copy(foreign.store, foreign.descriptor, target);
  expect(copied.count).toBeGreaterThan(0);
});

it("a base that can't be asked costs nothing but the question", async () => {
  const { store, descriptor, layers } = await imageOn(BASE);
  const denied = new OciError("unauthorized", "no");
  const { target } = targetBeside([], () => Promise.reject(denied));
  await copy(store, descriptor, target);
  for (const layer of layers) expect(await target.exists(layer)).toBe(true);
});

it("a layer is mounted from the repository that containerd notes it came from", async () => {
  const { store, descriptor, layers } = await imageOn(undefined);
  const { target, mounted, asked } = targetBeside([layers[0]!.digest]);
  const key = "containerd.io/distribution.source.registry.example";
  const root = { ...descriptor, annotations: { [key]: "other/one,family/base:1", unrelated: "x" } };
  const { mounted: sum } = await copy(store, root, target, { tag: "1" });
  expect(asked).toEqual(["registry.example/other/one", BASE]);
  expect(mounted).toEqual([layers[0]!.digest]);
  expect(sum.count).toBe(1);
});

it("of many repositories that content may have come from, only a few are asked", async () => {
  const { store, descriptor } = await imageOn(undefined);
  const { target } = targetBeside([]);
  const questions = new Set<string>();
  const sibling = (name: string): ReadableStore => ({
    ...createMemoryStore(),
    name,
    exists: () => (questions.add(name), Promise.resolve(false)),
  });
  const many = Array.from({ length: 1_000 }, (_, at) => `a/r${at}`).join(",");
  const annotations = { "containerd.io/distribution.source.registry.example": many };
  const crowded = { ...target, capabilities: { ...target.capabilities, sibling } };
  const { copied } = await copy(store, { ...descriptor, annotations }, crowded);
  expect(copied.count).toBe(4);
  expect(questions.size).toBe(4);
});
