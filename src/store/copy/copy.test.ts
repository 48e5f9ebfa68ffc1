// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { sourceOf } from "../../bytes/bytes.ts";
import { drain } from "../../bytes/streams/read-all.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { MediaType } from "../../oci/media-types.ts";
import { buildImage, buildIndex, pushDocument } from "../../testing/build-image.ts";
import { blob } from "../../testing/store-contract/store-content.ts";
import { copy } from "./copy.ts";
import { createMemoryStore } from "../memory-store.ts";
import type { ContentStore, RootedStore } from "../store.ts";
import type { CopyEvent } from "./transfer.ts";

const riscv64 = { os: "linux", architecture: "riscv64" };

/** An index of two images that share a layer. It names one of them twice. */
async function multi(store: ContentStore): Promise<Descriptor> {
  const shared = { "etc/": "", "etc/shared": "s" };
  const one = await buildImage(store, { layers: [shared, { one: "1" }, shared] });
  const two = await buildImage(store, { layers: [shared, { two: "2" }], platform: riscv64 });
  return buildIndex(store, [one, two], { tag: "multi" });
}

/** A target that records the calls it gets. */
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

  it("skips content that the target has, and counts bytes", async () => {
    const source = createMemoryStore();
    const root = await multi(source);
    const target = createMemoryStore();
    const first = await copy(source, root, target);
    const second = await copy(source, root, target);
    expect(first.skipped).toEqual({ count: 0, bytes: 0 });
    expect(second.copied).toEqual({ count: 0, bytes: 0 });
    expect(second.skipped).toEqual(first.copied);
  });

  it("keeps an untagged root in a store that lists roots", async () => {
    const source = createMemoryStore();
    const root = await source.resolve((await multi(source)).digest);
    const target = createMemoryStore();
    await copy(source, root, target);
    expect((await target.capabilities.roots()).map(({ digest }) => digest)).toEqual([root.digest]);
    expect(await target.capabilities.tags()).toEqual([]);
  });

  it("completes a target that has a manifest without its children", async () => {
    const source = createMemoryStore();
    const root = await multi(source);
    const target = createMemoryStore();
    await target.push(root, { open: () => source.fetch(root) });
    const { copied, skipped } = await copy(source, root, target, { tag: "t" });
    expect(skipped.count).toBe(1);
    expect(copied.count).toBe(7);
    expect((await target.resolve("t")).digest).toBe(root.digest);
  });

  it("sends nothing with dryRun, and reports what it would send", async () => {
    const source = createMemoryStore();
    const root = await multi(source);
    const { target, log } = recording(createMemoryStore());
    const plan = await copy(source, root, target, { tag: "t", dryRun: true });
    expect(log).toEqual([]);
    expect(await target.capabilities.roots()).toEqual([]);
    const done = await copy(source, root, target, { tag: "t" });
    expect(done).toEqual(plan);
  });

  it("mounts content where the target can, and sends the rest", async () => {
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

  it("copies a root that is not a manifest", async () => {
    const source = createMemoryStore();
    const { bytes, descriptor } = blob(100);
    await source.push(descriptor, sourceOf(bytes));
    const target = createMemoryStore();
    await copy(source, descriptor, target, { tag: "blob" });
    expect(await drain(target.fetch(await target.resolve("blob")))).toBe(100);
  });

  it("reports its progress, and not too often", async () => {
    const source = createMemoryStore();
    const root = await multi(source);
    const events: CopyEvent[] = [];
    const onProgress = (event: CopyEvent): void => void events.push(event);
    await copy(source, root, createMemoryStore(), { tag: "t", onProgress });
    expect(events[0]).toMatchObject({ kind: "planned", pieces: 8 });
    expect(events.filter(({ kind }) => kind === "started")).toHaveLength(8);
    expect(events.filter(({ kind }) => kind === "finished")).toHaveLength(8);
    expect(events.filter(({ kind }) => kind === "progress").length).toBeLessThan(8);
    expect(events.at(-1)).toEqual({ kind: "tagged", tag: "t", descriptor: root });
  });

  it("opens the source again when the target retries", async () => {
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
