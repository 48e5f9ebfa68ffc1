// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { OciError } from "../../oci/errors.ts";
import { MediaType } from "../../oci/media-types.ts";
import { buildImage, buildIndex, pushDocument } from "../../testing/build-image.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { blob } from "../../testing/store-contract/store-content.ts";
import { CopyError } from "./copy-error.ts";
import { copy } from "./copy.ts";
import { createMemoryStore } from "../memory-store.ts";
import type { ContentStore } from "../store.ts";
import type { CopyEvent } from "./transfer.ts";

/** An index of two images. */
async function multi(store: ContentStore): Promise<Descriptor> {
  const one = await buildImage(store, { layers: [{ one: "1" }] });
  const platform = { os: "linux", architecture: "riscv64" };
  const two = await buildImage(store, { layers: [{ two: "2" }], platform });
  return buildIndex(store, [one, two]);
}

describe("a copy that fails", () => {
  async function failure(work: Promise<unknown>): Promise<CopyError> {
    const error: unknown = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(CopyError);
    return error as CopyError;
  }

  it("blames the source for content with wrong bytes", async () => {
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

  it("blames the source for missing content", async () => {
    const source = createMemoryStore();
    const { descriptor, layers } = await buildImage(source, { layers: [{ a: "a" }] });
    await source.capabilities.remove(layers[0]!.digest);
    const error = await failure(copy(source, descriptor, createMemoryStore()));
    expect(error).toMatchObject({ code: "not-found", operation: "read", side: "source" });
    expect(error.descriptor.digest).toBe(layers[0]!.digest);
  });

  it("blames the target when it refuses content, and stops the other transfers", async () => {
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

  it("blames the target when it fails to answer or to tag", async () => {
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

  it("passes on errors from outside the library unchanged", async () => {
    const source = createMemoryStore();
    const root = await multi(source);
    const target: ContentStore = {
      ...createMemoryStore(),
      exists: () => Promise.reject(new TypeError("a bug")),
    };
    await expect(copy(source, root, target)).rejects.toThrow(TypeError);
  });

  it("stops when aborted, before it sets the tag", async () => {
    const source = createMemoryStore();
    const root = await multi(source);
    const target = createMemoryStore();
    await copy(source, root, target);
    for (const event of ["planned", "finished"]) {
      const controller = new AbortController();
      const onProgress = ({ kind }: CopyEvent): void => {
        if (kind === event) controller.abort();
      };
      const options = { signal: controller.signal, onProgress, tag: "t" };
      await expect(copy(source, root, target, options)).rejects.toMatchObject({ code: "aborted" });
    }
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
