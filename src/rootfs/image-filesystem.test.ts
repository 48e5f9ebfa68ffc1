// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { collect, otherContent } from "../../test/fixtures/bytes/streams.ts";
import { once, sourceOf, type Bytes } from "../bytes/bytes.ts";
import { describe as describeBytes } from "../bytes/describe-content.ts";
import { digestBytes } from "../bytes/hash.ts";
import { drain, readAll } from "../bytes/streams/read-all.ts";
import { verify } from "../bytes/verify.ts";
import type { Image } from "../image/image.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import type { ContentStore } from "../store/store.ts";
import { parseDiffId, type DiffId } from "../oci/digest.ts";
import {
  b,
  contentOf,
  directory,
  file,
  listTree,
  makeImage,
  makeTar,
  mergeImage,
  symlink,
} from "../../test/fixtures/layers.ts";
import { openLayerTar } from "./contents/open-layer-tar.ts";
import { openImageFilesystem } from "./image-filesystem.ts";
import type { IndexProgress } from "./layer-index/image-indexes.ts";
import type { LayerIndexCache } from "./layer-index/index-cache.ts";

/** A store that counts how many bytes of its blobs are read. */
function countFetches(inner: ContentStore): {
  store: ContentStore;
  digests: string[];
  bytes: () => number;
} {
  const digests: string[] = [];
  let bytes = 0;
  async function* inSmallParts(content: Bytes): Bytes {
    for await (const chunk of content) {
      for (let at = 0; at < chunk.length; at += 1024) {
        const part = chunk.subarray(at, at + 1024);
        bytes += part.length;
        yield part;
      }
    }
  }
  const fetch: ContentStore["fetch"] = (descriptor, options) => {
    digests.push(descriptor.digest);
    return verify(inSmallParts(inner.fetch(descriptor, options)), descriptor);
  };
  return { store: { ...inner, fetch }, digests, bytes: () => bytes };
}

function createCache(): LayerIndexCache & { readonly kept: Map<DiffId, Uint8Array> } {
  const kept = new Map<DiffId, Uint8Array>();
  return {
    kept,
    read: (diffId) => Promise.resolve(kept.get(diffId)),
    write: (diffId, bytes) => Promise.resolve(void kept.set(diffId, bytes)),
  };
}

const LAYERS = [
  [directory("etc"), file("etc/a", "lower"), file("etc/b", "b")],
  [file("etc/a", "upper"), symlink("l", "etc")],
];

describe("the filesystem of an image", () => {
  it.each(["none", "gzip", "zstd"] as const)(
    "reads layers compressed by %s",
    async (compression) => {
      const root = await mergeImage(LAYERS, { compression });
      expect(listTree(root)).toEqual([
        "/ directory",
        "/etc directory",
        "/etc/a file",
        "/etc/b file",
        "/l -> etc",
      ]);
      expect(await contentOf(root, "/etc/a")).toBe("upper");
      expect(await contentOf(root, "/etc/b")).toBe("b");
    },
  );

  it("says which layer and entry each node comes from", async () => {
    const root = await mergeImage(LAYERS);
    const at = (path: string): object | undefined => root.location(root.lstat(b(path))!);
    expect(at("/etc/a")).toEqual({ layer: 1, entry: 0 });
    expect(at("/etc/b")).toEqual({ layer: 0, entry: 2 });
    expect(at("/")).toBeUndefined();
    expect(await readAll(openLayerTar(root, 1), 1e6, "tar")).toEqual(makeTar(LAYERS[1]!));
    const other = await mergeImage(LAYERS);
    expect(root.location(other.lstat(b("/etc/a"))!)).toBeUndefined();
  });

  it("has no node, location or content for what is not there", async () => {
    const root = await mergeImage(LAYERS);
    expect(root.lstat(b("/etc/no"))).toBeUndefined();
    expect(root.lstat(b("/l/a"))).toBeUndefined();
    expect(root.lstat(b("/etc/a/x"))).toBeUndefined();
    expect(() => root.list(b("/no"))).toThrow(expect.objectContaining({ code: "not-found" }));
    expect(() => root.list(b("/etc/a"))).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
    expect(() => root.read(b("/etc"))).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
    expect(() => root.read(b("/l"))).toThrow(expect.objectContaining({ code: "invalid-argument" }));
    expect(() => root.read(b("/no"))).toThrow(expect.objectContaining({ code: "not-found" }));
    expect(() => openLayerTar(root, 2)).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
  });

  it("reads a layer that occurs twice in the image only once", async () => {
    const image = await makeImage([LAYERS[0]!, LAYERS[1]!, LAYERS[0]!]);
    const counted = countFetches(image.store as ContentStore);
    const root = await openImageFilesystem({ ...image, store: counted.store });
    expect(counted.digests).toHaveLength(2);
    expect(root.location(root.lstat(b("/etc/a"))!)).toEqual({ layer: 2, entry: 1 });
    expect(await contentOf(root, "/etc/a")).toBe("lower");
  });

  it("reads a layer no further than the end of the requested file", async () => {
    const noise = Uint8Array.from({ length: 4_000_000 }, (_, at) => (at * at * 7919) >> 11);
    const image = await makeImage([[file("first", "x"), file("noise", noise), file("last", "y")]], {
      compression: "none",
    });
    const counted = countFetches(image.store as ContentStore);
    const root = await openImageFilesystem({ ...image, store: counted.store });
    const before = counted.bytes();
    expect(await contentOf(root, "/first")).toBe("x");
    expect(counted.bytes() - before).toBeLessThan(100_000);
    expect(await contentOf(root, "/last")).toBe("y");
  });

  it("can be aborted", async () => {
    const image = await makeImage(LAYERS);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(openImageFilesystem(image, { signal })).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("the filesystem of an image refuses", () => {
  async function withDiffIds(diffIds: readonly DiffId[]): Promise<Image> {
    const image = await makeImage(LAYERS);
    const value = { ...image.config.value, rootfs: { type: "layers", diff_ids: diffIds } } as const;
    return { ...image, config: { ...image.config, value } };
  }

  it("a layer whose tar does not match the diffID in the configuration", async () => {
    const wrong = [1, 2].map((n) => parseDiffId(`sha256:${String(n).repeat(64)}`));
    const opening = openImageFilesystem(await withDiffIds(wrong));
    await expect(opening).rejects.toMatchObject({ code: "diff-id-mismatch" });
  });

  it("a layer whose blob does not match its descriptor, and caches nothing of it", async () => {
    const image = await makeImage(LAYERS, { compression: "none" });
    const inner = image.store as ContentStore;
    const layer = await collect(inner.fetch(image.manifest.value.layers[0]!));
    const fetch: ContentStore["fetch"] = () => otherContent(layer.subarray(0, 512));
    const cache = createCache();
    const opening = openImageFilesystem({ ...image, store: { ...inner, fetch } }, { cache });
    await expect(opening).rejects.toMatchObject({
      code: expect.stringMatching(/truncated|diff-id/) as string,
    });
    expect(cache.kept.size).toBe(0);
  });

  it("content that changed after its layer was indexed", async () => {
    const image = await makeImage([[file("a", "good")]], { compression: "none" });
    const cache = createCache();
    await openImageFilesystem(image, { cache });
    const evil = makeTar([file("a", "evil")]);
    const inner = image.store as ContentStore;
    const store: ContentStore = {
      ...inner,
      fetch: () => otherContent(evil),
      fetchRange: (_, { offset, length = 0 }) => once(evil.subarray(offset, offset + length)),
    };
    const root = await openImageFilesystem({ ...image, store }, { cache });
    await expect(drain(root.read(b("/a")))).rejects.toMatchObject({ code: "digest-mismatch" });
  });

  it("a cached layer whose blob the store has lost", async () => {
    const image = await makeImage(LAYERS);
    const cache = createCache();
    await openImageFilesystem(image, { cache });
    const empty = createMemoryStore();
    const opening = openImageFilesystem({ ...image, store: empty }, { cache });
    await expect(opening).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("the cache of layer indexes", () => {
  it("makes a second reading unnecessary, and the events say so", async () => {
    const image = await makeImage(LAYERS);
    const cache = createCache();
    const events: IndexProgress[] = [];
    const first = await openImageFilesystem(image, {
      cache,
      onProgress: (event) => events.push(event),
    });
    const [lower, upper] = image.config.value.rootfs.diff_ids;
    expect(events).toContainEqual({ kind: "layer-indexed", layer: 0, diffId: lower, entries: 3 });
    events.length = 0;
    const counted = countFetches(image.store as ContentStore);
    const second = await openImageFilesystem(
      { ...image, store: counted.store },
      { cache, onProgress: (event) => events.push(event) },
    );
    expect(counted.digests).toEqual([]);
    expect(listTree(second)).toEqual(listTree(first));
    expect(events).toContainEqual({ kind: "layer-cached", layer: 1, diffId: upper });
  });

  it("is rewritten when it holds something else", async () => {
    const image = await makeImage(LAYERS);
    const cache = createCache();
    const [lower] = image.config.value.rootfs.diff_ids;
    cache.kept.set(lower!, new TextEncoder().encode("version 0"));
    const root = await openImageFilesystem(image, { cache });
    expect(await contentOf(root, "/etc/b")).toBe("b");
    expect(cache.kept.get(lower!)?.length).toBeGreaterThan(100);
  });

  it("that fails is reported, and only costs time", async () => {
    const image = await makeImage([[file("a")]]);
    const broken: LayerIndexCache = {
      read: () => Promise.reject(new Error("no")),
      write: () => Promise.reject(new Error("full")),
    };
    const events: IndexProgress[] = [];
    const root = await openImageFilesystem(image, {
      cache: broken,
      onProgress: (event) => events.push(event),
    });
    expect(root.list(b("/"))).toEqual(["a"]);
    const unusable = events.filter(({ kind }) => kind === "cache-unusable");
    expect(unusable).toMatchObject([{ error: { message: "no" } }, { error: { message: "full" } }]);
  });

  it("is filled with a progress event for each MiB of a large layer", async () => {
    const noise = Uint8Array.from({ length: 5_000_000 }, (_, at) => (at * at * 7919) >> 11);
    const image = await makeImage([[file("noise", noise)]], { compression: "none" });
    const events: IndexProgress[] = [];
    await openImageFilesystem(
      { ...image, store: countFetches(image.store as ContentStore).store },
      { onProgress: (event) => events.push(event) },
    );
    const readings = events.filter(({ kind }) => kind === "layer-reading");
    expect(readings).toHaveLength(4);
  });
});

it("reading the tar of a layer with an unknown media type is refused", async () => {
  const image = await makeImage([[file("a")]]);
  const bytes = new TextEncoder().encode("{}");
  await (image.store as ContentStore).push(describeBytes("text/plain", bytes), sourceOf(bytes));
  const layers = [{ mediaType: "text/plain", digest: digestBytes(bytes), size: 2 }];
  const manifest = { ...image.manifest, value: { ...image.manifest.value, layers } };
  const opening = openImageFilesystem({ ...image, manifest });
  await expect(opening).rejects.toMatchObject({ code: "unsupported-media-type" });
});
