// SPDX-License-Identifier: MIT
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Image } from "../../src/image/image.ts";
import { openImageFilesystem } from "../../src/rootfs/image-filesystem.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { makeDpkgImage, makePackages } from "../fixtures/dpkg-image.ts";
import {
  b,
  directory,
  file,
  hardlink,
  makeImage,
  symlink,
  type Piece,
} from "../fixtures/layers.ts";
import { rechunk } from "../fixtures/rechunking.ts";
import { applyWithDocker, applyWithUmoci, type BuiltStacks } from "./apply-with-peers.ts";
import { applyWithPodman, applyWithSkopeo } from "./apply-with-podman.ts";
import { compareApplied } from "./compare-applied.ts";
import { makeScratch } from "./scratch.ts";
import { startDocker, type RunningDocker } from "./start-docker.ts";
import { factsOfImage } from "./tree-facts.ts";

const scratch = makeScratch();
let docker: RunningDocker;
let rechunked: BuiltStacks;

/** mount(8), by which the snapshots are looked at, takes no more than 4096 bytes of directories. */
const SOME = { maxLayers: 12 };

const LARGE = "0123456789".repeat(2_000);
const BEFORE: readonly Piece[] = [
  directory("bin"),
  file("bin/sh", "1"),
  symlink("lib", "usr/lib"),
  directory("usr/"),
  directory("usr/lib/", { mode: 0o755 }),
  file("usr/lib/large", LARGE),
  file("usr/lib/gone", "2"),
  file("usr/a", LARGE, { xattrs: new Map([[b("user.a"), b("1")]]), uid: 7 }),
  hardlink("usr/b", "usr/a"),
  file("etc/old/deep/file", "3"),
];
const AFTER: readonly Piece[] = [
  symlink("bin", "usr/bin"),
  file("usr/bin/sh", "1"),
  directory("lib/", { mode: 0o711 }),
  file("lib/new", "4"),
  directory("usr/"),
  directory("usr/lib/", { mode: 0o750 }),
  file("usr/lib/large", LARGE),
  file("usr/a", LARGE, { xattrs: new Map([[b("user.a"), b("1")]]), uid: 7 }),
  hardlink("usr/b", "usr/a"),
  file("etc/old", "a file now"),
];

beforeAll(async () => {
  docker = await startDocker(scratch.make("docker"));
  rechunked = await rechunkedImages();
});
afterAll(() => docker.stop());

/** Images of one layout, each rechunked after one that it differs from, with the trees of their sources. */
async function rechunkedImages(): Promise<BuiltStacks> {
  const layout = scratch.path("rechunked");
  const store = await openLayout(layout, { create: true });
  const packages = makePackages(60);
  const updated = packages.map((each, at) => ({ ...each, version: at % 7 === 0 ? 2 : 1 }));
  const pairs: readonly (readonly [Image, Image])[] = [
    [await makeImage([BEFORE]), await makeImage([AFTER])],
    [await makeDpkgImage(packages), await makeDpkgImage(updated)],
  ];
  const images: BuiltStacks["images"][number][] = [];
  const ours: BuiltStacks["ours"][number][] = [];
  for (const [at, [before, after]] of pairs.entries()) {
    const first = await rechunk(before, { ...SOME, store });
    const { image } = await rechunk(after, {
      ...SOME,
      store,
      previous: first.image,
      exactTimes: true,
    });
    const kept = image.manifest.value.layers.filter(({ digest }) => first.digests.includes(digest));
    expect(kept.length).toBeGreaterThan(0);
    const { config, layers } = image.manifest.value;
    await store.tag(image.descriptor, `${at}`);
    const diffIds = image.config.value.rootfs.diff_ids;
    images.push({ descriptor: image.descriptor, config, layers, diffIds });
    const root = await openImageFilesystem(after);
    const implied = [...root.paths()].filter(([, node]) => root.location(node) === undefined);
    ours.push({
      facts: await factsOfImage(root),
      implied: new Set(implied.map(([path]) => path)),
    });
  }
  return { layout, images, ours, traits: [] };
}

describe("a rechunked image that keeps layers of the one before", () => {
  it.each([
    ["umoci", applyWithUmoci],
    ["docker", (built: BuiltStacks) => applyWithDocker(built, docker)],
    ["podman", applyWithPodman],
    ["skopeo with umoci", applyWithSkopeo],
  ] as const)("is unpacked by %s to the tree of its source", async (_, apply) => {
    const theirs = await apply(rechunked);
    for (const [at, ours] of rechunked.ours.entries()) {
      const differences = compareApplied(ours, theirs[at]!);
      // Directories that no layer of the source names have times and owners of their own with each program.
      const stated = differences.filter(
        ({ isImplied, field }) => field === "refused" || !isImplied,
      );
      expect(stated).toEqual([]);
    }
  });
});
