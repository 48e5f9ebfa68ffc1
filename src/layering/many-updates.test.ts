// SPDX-License-Identifier: MIT
import { beforeAll, describe, expect, it } from "vitest";
import {
  makeDpkgImage,
  makePackages,
  packageBytes,
  type MadePackage,
} from "../../test/fixtures/dpkg-image.ts";
import { rechunk, treeDifferences, type RechunkedForTest } from "../../test/fixtures/rechunking.ts";
import type { Image } from "../image/image.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import type { ContentStore } from "../store/store.ts";

const PACKAGES = makePackages(150);
/** What is compared is how files are divided among layers, so heads of entries are to take few bytes. */
const level = 6;

let store: ContentStore;
let image: Image;
let first: RechunkedForTest;

beforeAll(async () => {
  store = createMemoryStore();
  image = await makeDpkgImage(PACKAGES);
  first = await rechunk(image, { store, level });
});

/** The packages with those at some places updated. */
function update(packages: readonly MadePackage[], places: readonly number[]): MadePackage[] {
  return packages.map((each, at) =>
    places.includes(at) ? { ...each, version: each.version + 1 } : each,
  );
}

describe("an image of packages", () => {
  it("gets a layer for each large package and shared ones for the small", () => {
    const groups = first.layers.map(({ group }) => group);
    expect(groups.slice(0, 12)).toEqual(expect.arrayContaining(["pkg-0", "pkg-1", "pkg-2"]));
    expect(groups).not.toContain("pkg-140");
    expect(first.layers.length).toBeLessThanOrEqual(60);
  });

  it("sends no layer when times and the order of files are all that changed", async () => {
    const rebuilt = await makeDpkgImage(PACKAGES, { mtime: 99_999, reversed: true });
    const next = await rechunk(rebuilt, { store, previous: first.image });
    expect(next.newBytes).toBe(0);
    expect(next.image.manifest.value.layers).toEqual(first.image.manifest.value.layers);
  });

  it("keeps every layer that holds none of a changed package", async () => {
    const rebuilt = await makeDpkgImage(update(PACKAGES, [140]));
    const next = await rechunk(rebuilt, { store, previous: first.image });
    const added = next.layers.filter(({ kind }) => kind === "new");
    expect(added).toHaveLength(1);
    expect(added[0]!.components.map(({ name }) => name)).toContain("pkg-140");
    expect(first.digests.every((digest) => next.digests.includes(digest))).toBe(true);
    expect(await treeDifferences(rebuilt, next.image)).toEqual([]);
  });

  it("sends little more than what changed, through ten updates in a row", async () => {
    let packages: readonly MadePackage[] = PACKAGES;
    let previous = first;
    let [sent, changed] = [0, 0];
    for (let round = 0; round < 10; round += 1) {
      const places = [
        round % 12,
        (round * 5 + 3) % 12,
        20 + ((round * 37) % 130),
        30 + ((round * 53) % 120),
      ];
      packages = update(packages, places);
      changed += [...new Set(places)].reduce((sum, at) => sum + packageBytes(packages[at]!), 0);
      const rebuilt = await makeDpkgImage(packages, { mtime: 2_000 + round });
      previous = await rechunk(rebuilt, { store, level, previous: previous.image });
      sent += previous.newBytes;
      expect(previous.layers.length).toBeLessThanOrEqual(60);
      expect(previous.deadBytes / previous.tarBytes).toBeLessThanOrEqual(0.02);
      if (round === 9) expect(await treeDifferences(rebuilt, previous.image, ["time"])).toEqual([]);
    }
    expect(sent / changed).toBeLessThanOrEqual(1.1);
  });
});
