// SPDX-License-Identifier: MIT
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { once } from "../../src/bytes/bytes.ts";
import { decompress } from "../../src/bytes/compression.ts";
import { readAll } from "../../src/bytes/streams/read-all.ts";
import { createLayerParser } from "../../src/layer/parse/layer-parser.ts";
import { isOciError } from "../../src/oci/errors.ts";
import { mergeLayers } from "../../src/rootfs/merge/merge-layers.ts";
import { createLayerIndexer } from "../../src/rootfs/layer-index/index-builder.ts";
import type { LayerIndex } from "../../src/rootfs/layer-index/layer-index.ts";
import { walkTree } from "../../src/rootfs/merge/merged-tree.ts";
import { digestBytes } from "../../src/bytes/hash.ts";
import { zstdFrame, zstdOfZeros, skippableFrame } from "../../src/testing/hostile/zstd-frames.ts";
import { joinBytes } from "../../src/testing/raw-tar.ts";
import { fuzz } from "./fuzz.ts";
import { mutateBytes, mutateTar } from "./mutate-tar.ts";
import type { Random } from "./random.ts";
import { makeSeedTars } from "./seed-tars.ts";

// Small limits, so that small inputs exceed them.
const LIMITS = { expansionFloor: 4 << 20, expansionRatio: 100, entries: 50_000 };

let tars: Uint8Array[];
beforeAll(async () => {
  const canary = "/canary";
  const names = { destination: "out", inWorkingDirectory: "package.json" };
  tars = await makeSeedTars({ canary, up: "../../canary", ...names });
});

/** The index of a layer, or the code and message with which it is refused. Any other error is thrown. */
function read(tar: Uint8Array, chunk: () => number): LayerIndex | string {
  const indexer = createLayerIndexer({ limits: LIMITS });
  const parser = createLayerParser(indexer, { limits: LIMITS });
  try {
    for (let at = 0; at < tar.length;) {
      const part = tar.slice(at, at + chunk());
      at += part.length;
      parser.feed(part);
      part.fill(0xee);
    }
    parser.end();
    return indexer.finish();
  } catch (error) {
    if (isOciError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
}

function digestOf(result: LayerIndex | string): string {
  return typeof result === "string" ? result : digestBytes(result.bytes);
}

/** Reads a layer in one piece and in several, which must give the same. */
function readTwice(tar: Uint8Array, random: Random): LayerIndex | undefined {
  const result = read(tar, () => tar.length);
  const longest = random.of([1, 511, 513, 5000]);
  const lengths = Array.from({ length: 7 }, () => 1 + random.below(longest));
  let turn = 0;
  const pieces = read(tar, () => lengths[(turn += 1) % lengths.length]!);
  expect(digestOf(pieces)).toBe(digestOf(result));
  return typeof result === "string" ? undefined : result;
}

function merge(indexes: readonly LayerIndex[]): void {
  try {
    for (const [path, node] of walkTree(mergeLayers(indexes, { limits: LIMITS }))) {
      expect(path).toMatch(/^\/(?:[^\0/]+(?:\/[^\0/]+)*)?$/);
      expect(node.size).toBeGreaterThanOrEqual(0);
    }
  } catch (error) {
    if (!isOciError(error)) throw error;
  }
}

describe("of any bytes", () => {
  it("random blocks are read or refused", () =>
    fuzz("random blocks are read or refused", 0.03, (random) => {
      const index = readTwice(random.bytes(random.below(3000)), random);
      if (index !== undefined) merge([index]);
    }));

  it("mutated layers are read or refused, and merged", () =>
    fuzz("mutated layers are read or refused, and merged", 0.13, (random) => {
      const indexes: LayerIndex[] = [];
      for (let layer = random.below(3); layer >= 0; layer -= 1) {
        const index = readTwice(mutateTar(random.of(tars), random, random.of(tars)), random);
        if (index !== undefined) indexes.push(index);
      }
      merge(indexes);
    }));

  it("mutated streams are decompressed or refused", () =>
    fuzz("mutated streams are decompressed or refused", 0.08, async (random) => {
      const tar = random.of(tars);
      const isZstd = random.oneIn(2);
      const stream = mutateBytes(isZstd ? zstdOf(tar, random) : gzipOf(tar, random), random);
      try {
        const compression = isZstd ? "zstd" : "gzip";
        await readAll(decompress(once(stream), compression, { limits: LIMITS }), 1 << 30, "stream");
      } catch (error) {
        if (!isOciError(error)) throw error;
      }
    }));
});

function gzipOf(tar: Uint8Array, random: Random): Uint8Array {
  const at = random.below(tar.length + 1);
  return joinBytes(gzipSync(tar.subarray(0, at)), gzipSync(tar.subarray(at)));
}

function zstdOf(tar: Uint8Array, random: Random): Uint8Array {
  const at = random.below(tar.length + 1);
  return joinBytes(
    zstdFrame(tar.subarray(0, at)),
    skippableFrame(random.bytes(random.below(20)), random.below(16)),
    zstdOfZeros(random.below(300_000)),
    zstdFrame(tar.subarray(at), { window: random.of([0, 0x40, 0x58]) }),
  );
}
