// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import type { Bytes } from "../bytes/bytes.ts";
import { sourceOf } from "../bytes/bytes.ts";
import { describe as describeBytes } from "../bytes/describe.ts";
import { drain } from "../bytes/read.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";
import { formatJson } from "../oci/json.ts";
import { MediaType } from "../oci/media-types.ts";
import { buildImage, buildIndex, pushDocument, type BuiltImage } from "../testing/build-image.ts";
import { blob } from "../testing/store-content.ts";
import { CopyError } from "./copy-error.ts";
import { copy } from "./copy.ts";
import { createMemoryStore } from "./memory-store.ts";
import type { ContentStore, RootedStore } from "./store.ts";
import type { CopyEvent } from "./transfer.ts";

const riscv64 = { os: "linux", architecture: "riscv64" };

/** An index of two images that share a layer, one of them twice in it. */
async function multi(store: ContentStore): Promise<Descriptor> {
  const shared = { "etc/": "", "etc/shared": "s" };
  const one = await buildImage(store, { layers: [shared, { one: "1" }, shared] });
  const two = await buildImage(store, { layers: [shared, { two: "2" }], platform: riscv64 });
  return buildIndex(store, [one, two], { tag: "multi" });
}

/** A target that writes down what it was told. */
function recording(store: RootedStore): { target: RootedStore; log: string[]; most: () => number } {
  const log: string[] = [];
  let inFlight = 0;
  let most = 0;
  const target: RootedStore = {
    ...store,
    push: async (descriptor, source, options) => {
      log.push(descriptor.digest);
      most = Math.max(most, (inFlight += 1));
      await new Promise((resolve) => setTimeout(resolve, 2));
      await store.push(descriptor, source, options);
      inFlight -= 1;
    },
    tag: async (descriptor, tag, options) => {
      log.push(tag);
      await store.tag(descriptor, tag, options);
    },
  };
  return { target, log, most: () => most };
}

describe("copying", () => {
  it("sends each piece once, children before parents, and the tag last", async () => {
    const source = createMemoryStore();
    const root = await multi(source);
    const { target, log, most } = recording(createMemoryStore());
    const summary = await copy(source, root, target, { tag: "t", concurrency: 3 });
    expect(log.at(-1)).toBe("t");
    expect(log.at(-2)).toBe(root.digest);
    expect(new Set(log).size).toBe(log.length);
    expect(summary.copied.count).toBe(log.length - 1);
    expect(summary.transfers.map(({ kind }) => kind)).toEqual([
      ...Array<string>(5).fill("blob"),
      ...Array<string>(3).fill("manifest"),
    ]);
    expect(most()).toBe(3);
    expect((await target.resolve("t")).digest).toBe(root.digest);
  });

  it("skips what the target has, and counts bytes", async () => {
    const source = createMemoryStore();
    const root = await multi(source);
    const target = createMemoryStore();
    const first = await copy(source, root, target);
    const second = await copy(source, root, target);
    expect(first.skipped).toEqual({ count: 0, bytes: 0 });
    expect(second.copied).toEqual({ count: 0, bytes: 0 });
    expect(second.skipped).toEqual(first.copied);
  });

  it("keeps a root without a tag where roots are kept", async () => {
    const source = createMemoryStore();
    const root = await source.resolve((await multi(source)).digest);
    const target = createMemoryStore();
    await copy(source, root, target);
    expect((await target.capabilities.roots()).map(({ digest }) => digest)).toEqual([root.digest]);
    expect(await target.capabilities.tags()).toEqual([]);
  });

  it("heals a target that has a manifest without its children (oras-go#1211, #239)", async () => {
    const source = createMemoryStore();
    const root = await multi(source);
    const target = createMemoryStore();
    await target.push(root, { open: () => source.fetch(root) });
    const { copied, skipped } = await copy(source, root, target, { tag: "t" });
    expect(skipped.count).toBe(1);
    expect(copied.count).toBe(7);
    expect((await target.resolve("t")).digest).toBe(root.digest);
  });

  it("plans without sending anything", async () => {
    const source = createMemoryStore();
    const root = await multi(source);
    const { target, log } = recording(createMemoryStore());
    const plan = await copy(source, root, target, { tag: "t", dryRun: true });
    expect(log).toEqual([]);
    expect(await target.capabilities.roots()).toEqual([]);
    const done = await copy(source, root, target, { tag: "t" });
    expect(done).toEqual(plan);
  });

  it("takes over what the target can mount, and sends what it can't", async () => {
    const source = createMemoryStore();
    const root = await multi(source);
    const inner = createMemoryStore();
    const refused = new Set<Digest>();
    const mount = async (descriptor: Descriptor): Promise<boolean> => {
      if (refused.size === 0) {
        refused.add(descriptor.digest);
        return false;
      }
      await inner.push(descriptor, { open: () => source.fetch(descriptor) });
      return true;
    };
    const target = { ...inner, capabilities: { ...inner.capabilities, mount } };
    const { mounted, copied } = await copy(source, root, target);
    expect(mounted.count).toBe(4);
    expect(copied.count).toBe(4);
  });

  it("copies artifacts and attestations as they are, and does not follow a subject", async () => {
    const source = createMemoryStore();
    const subject = await buildImage(source);
    const layer = { ...(await buildImage(source)).config, mediaType: "text/plain" };
    const artifact = await pushDocument(source, MediaType.manifest, {
      schemaVersion: 2,
      mediaType: MediaType.manifest,
      artifactType: "text/note",
      config: layer,
      layers: [layer],
      subject: subject.descriptor,
    });
    const platform = { os: "unknown", architecture: "unknown" };
    const index = await buildIndex(source, [{ ...artifact, platform }]);
    const target = createMemoryStore();
    const { copied } = await copy(source, index, target);
    expect(copied.count).toBe(3);
    expect(await target.exists(subject.descriptor)).toBe(false);
  });

  it("copies a root that is no manifest", async () => {
    const source = createMemoryStore();
    const { bytes, descriptor } = blob(100);
    await source.push(descriptor, sourceOf(bytes));
    const target = createMemoryStore();
    await copy(source, descriptor, target, { tag: "blob" });
    expect(await drain(target.fetch(await target.resolve("blob")))).toBe(100);
  });

  it("tells what it does, and not too often", async () => {
    const source = createMemoryStore();
    const root = await multi(source);
    const events: CopyEvent[] = [];
    const onProgress = (event: CopyEvent): void => void events.push(event);
    await copy(source, root, createMemoryStore(), { tag: "t", onProgress });
    expect(events[0]).toMatchObject({ type: "planned", pieces: 8 });
    expect(events.filter(({ type }) => type === "started")).toHaveLength(8);
    expect(events.filter(({ type }) => type === "finished")).toHaveLength(8);
    expect(events.filter(({ type }) => type === "progress").length).toBeLessThan(8);
    expect(events.at(-1)).toEqual({ type: "tagged", tag: "t", descriptor: root });
  });

  it("opens the source again when the target tries again", async () => {
    const source = createMemoryStore();
    const { descriptor } = await buildImage(source, { layers: [{ a: "a" }] });
    const inner = createMemoryStore();
    const target: ContentStore = {
      ...inner,
      push: async (piece, content, options) => {
        for await (const chunk of content.open()) {
          if (chunk.length > 0) break;
        }
        await inner.push(piece, content, options);
      },
    };
    expect((await copy(source, descriptor, target)).copied.count).toBe(3);
  });
});

describe("a copy that fails", () => {
  async function failure(work: Promise<unknown>): Promise<CopyError> {
    const error: unknown = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(CopyError);
    return error as CopyError;
  }

  it("blames the source for content that is not what it should be", async () => {
    const source = createMemoryStore();
    const { descriptor, layers } = await buildImage(source, { layers: [{ a: "a" }] });
    const damaged: ContentStore = {
      ...source,
      fetch: (piece, options) => {
        const lie = piece.digest === layers[0]!.digest ? { ...piece, size: piece.size + 1 } : piece;
        return source.fetch(lie, options);
      },
    };
    const target = createMemoryStore();
    const error = await failure(copy(damaged, descriptor, target, { tag: "t" }));
    expect(error).toMatchObject({ code: "size-mismatch", operation: "read", side: "source" });
    expect(error.message).toContain(layers[0]!.digest);
    await expect(target.resolve("t")).rejects.toMatchObject({ code: "not-found" });
  });

  it("blames the source for content that it does not have", async () => {
    const source = createMemoryStore();
    const { descriptor, layers } = await buildImage(source, { layers: [{ a: "a" }] });
    await source.capabilities.remove(layers[0]!.digest);
    const error = await failure(copy(source, descriptor, createMemoryStore()));
    expect(error).toMatchObject({ code: "not-found", operation: "read", side: "source" });
    expect(error.descriptor.digest).toBe(layers[0]!.digest);
  });

  it("blames the target for what it refuses, and stops the rest", async () => {
    const source = createMemoryStore();
    const root = await multi(source);
    const inner = createMemoryStore();
    const signals: (AbortSignal | undefined)[] = [];
    const target: ContentStore = {
      ...inner,
      push: async (_piece, _content, options) => {
        signals.push(options?.signal);
        await Promise.resolve();
        throw new OciError("unwritable", "the disk is full", { hint: "Buy another." });
      },
    };
    const error = await failure(copy(source, root, target, { concurrency: 2 }));
    expect(error).toMatchObject({
      code: "unwritable",
      operation: "send",
      side: "target",
      hint: "Buy another.",
      details: { side: "target", operation: "send" },
    });
    expect(signals).toHaveLength(2);
    expect(signals.every((signal) => signal?.aborted)).toBe(true);
  });

  it("blames the target when it can't be asked or can't tag", async () => {
    const source = createMemoryStore();
    const root = await multi(source);
    const no = (): Promise<never> => Promise.reject(new OciError("unreachable", "no route"));
    const inner = createMemoryStore();
    expect(await failure(copy(source, root, { ...inner, exists: no }))).toMatchObject({
      operation: "check",
      side: "target",
    });
    expect(await failure(copy(source, root, { ...inner, tag: no }, { tag: "t" }))).toMatchObject({
      operation: "tag",
      side: "target",
    });
  });

  it("lets errors through that are not the library's", async () => {
    const source = createMemoryStore();
    const root = await multi(source);
    const target: ContentStore = {
      ...createMemoryStore(),
      exists: () => Promise.reject(new TypeError("a bug")),
    };
    await expect(copy(source, root, target)).rejects.toThrow(TypeError);
  });

  it("stops when it is told to", async () => {
    const source = createMemoryStore();
    const root = await multi(source);
    const signal = AbortSignal.abort();
    const target = createMemoryStore();
    await expect(copy(source, root, target, { signal, tag: "t" })).rejects.toThrow();
    await expect(target.resolve("t")).rejects.toMatchObject({ code: "not-found" });
  });

  it("names a foreign layer that neither side has", async () => {
    const source = createMemoryStore();
    const { config } = await buildImage(source);
    const foreign = {
      ...blob(10).descriptor,
      mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
      urls: ["https://example.com/base"],
    };
    const root = await pushDocument(source, MediaType.manifest, {
      schemaVersion: 2,
      mediaType: MediaType.manifest,
      config,
      layers: [foreign],
    });
    const error = await failure(copy(source, root, createMemoryStore()));
    expect(error).toMatchObject({ code: "not-found", side: "source" });
    expect(error.message).toContain(foreign.digest);
  });
});

describe("a graph that is hostile", () => {
  /** A store that says anything of anything, and verifies nothing. */
  function lying(documents: ReadonlyMap<Digest, unknown>): ContentStore {
    const store = createMemoryStore();
    const fetch = async function* ({ digest }: Descriptor): Bytes & AsyncGenerator<Uint8Array> {
      await Promise.resolve();
      yield formatJson(documents.get(digest));
    };
    return { ...store, fetch };
  }
  const indexOf = (...manifests: Descriptor[]): unknown => ({
    schemaVersion: 2,
    mediaType: MediaType.index,
    manifests,
  });
  const fake = (number: number, size = 100): Descriptor => ({
    ...describeBytes(MediaType.index, new Uint8Array([number])),
    size,
  });

  it("may not go round (A names B, B names A)", async () => {
    const { length } = formatJson(indexOf(fake(1)));
    const [a, b] = [fake(1, length), fake(2, length)];
    const source = lying(
      new Map([
        [a.digest, indexOf(b)],
        [b.digest, indexOf(a)],
      ]),
    );
    await expect(copy(source, a, createMemoryStore())).rejects.toMatchObject({
      code: "invalid-index",
      message: expect.stringContaining("cycle") as string,
    });
  });

  it("may not be deeper than the limit", async () => {
    const source = createMemoryStore();
    let root = (await buildImage(source)).descriptor;
    for (let depth = 0; depth < 3; depth += 1) root = await buildIndex(source, [root]);
    const deep = copy(source, root, createMemoryStore(), { limits: { indexDepth: 2 } });
    await expect(deep).rejects.toMatchObject({ code: "limit-exceeded" });
    await copy(source, root, createMemoryStore(), { limits: { indexDepth: 3 } });
  });

  it("may not be wider than the limit, in one index or all together", async () => {
    const source = createMemoryStore();
    const limits = { children: 4 };
    const imageOf = (name: string): Promise<BuiltImage> => {
      const layers = Array.from({ length: 4 }, (_, at) => ({ [`${name}${at}`]: "" }));
      return buildImage(source, { layers, platform: { os: name, architecture: "any" } });
    };
    const images = await Promise.all(["a", "b", "c", "d", "e", "f", "g", "h"].map(imageOf));
    const wide = await buildIndex(source, images.slice(0, 5));
    const narrow = await buildIndex(source, images.slice(0, 4));
    const deep = await buildIndex(source, [narrow, await buildIndex(source, images.slice(4))]);
    await copy(source, narrow, createMemoryStore(), { limits });
    for (const root of [wide, deep]) {
      const copying = copy(source, root, createMemoryStore(), { limits });
      await expect(copying).rejects.toMatchObject({ code: "limit-exceeded" });
    }
  });

  it("may not give one digest two sizes", async () => {
    const source = createMemoryStore();
    const { config } = await buildImage(source);
    const root = await pushDocument(source, MediaType.manifest, {
      schemaVersion: 2,
      mediaType: MediaType.manifest,
      config,
      layers: [{ ...config, mediaType: MediaType.layer, size: config.size + 1 }],
    });
    await expect(copy(source, root, createMemoryStore())).rejects.toMatchObject({
      code: "size-mismatch",
    });
  });

  it("may not say that a manifest is larger than a document may be", async () => {
    const source = createMemoryStore();
    const { descriptor } = await buildImage(source);
    const huge = { ...descriptor, size: 1e12 };
    await expect(copy(source, huge, createMemoryStore())).rejects.toMatchObject({
      code: "limit-exceeded",
    });
  });
});
