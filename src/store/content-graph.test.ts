// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { otherContent } from "../../test/fixtures/bytes/streams.ts";
import { describe as describeBytes } from "../bytes/describe-content.ts";
import type { VerifiedBytes } from "../bytes/verify.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { formatJson } from "../oci/json.ts";
import { MediaType } from "../oci/media-types.ts";
import { buildImage, buildIndex, pushDocument, type BuiltImage } from "../testing/build-image.ts";
import { copy } from "./copy/copy.ts";
import { createMemoryStore } from "./memory-store.ts";
import type { ContentStore } from "./store.ts";

describe("a hostile graph", () => {
  /** A store that returns the given documents as they are, and verifies nothing. */
  function lying(documents: ReadonlyMap<Digest, unknown>): ContentStore {
    const store = createMemoryStore();
    const fetch = ({ digest }: Descriptor): VerifiedBytes =>
      otherContent(formatJson(documents.get(digest)));
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

  it("is refused when it has a cycle (A names B, B names A)", async () => {
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

  it("is refused when it is deeper than the limit", async () => {
    const source = createMemoryStore();
    let root = (await buildImage(source)).descriptor;
    for (let depth = 0; depth < 3; depth += 1) root = await buildIndex(source, [root]);
    const deep = copy(source, root, createMemoryStore(), { limits: { indexDepth: 2 } });
    await expect(deep).rejects.toMatchObject({ code: "limit-exceeded" });
    await copy(source, root, createMemoryStore(), { limits: { indexDepth: 3 } });
  });

  it("is refused when one index, or the whole graph, has more descriptors than the limit", async () => {
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

  it("is refused when it gives one digest two sizes", async () => {
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

  it("is refused when it gives a manifest a size above the limit for documents", async () => {
    const source = createMemoryStore();
    const { descriptor } = await buildImage(source);
    const huge = { ...descriptor, size: 1e12 };
    await expect(copy(source, huge, createMemoryStore())).rejects.toMatchObject({
      code: "limit-exceeded",
    });
  });
});
