// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { noise } from "../../../test/fixtures/bytes/streams.ts";
import { b, file, hardlink, makeImage, mergeImage } from "../../../test/fixtures/layers.ts";
import { expandExtents, sparseEntry } from "../../../test/fixtures/sparse-file.ts";
import { watchFetches } from "../../../test/fixtures/watch-fetches.ts";
import { fromBytes } from "../../bytes/byte-string.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import type { Image } from "../../image/image.ts";
import { rawTar } from "../../testing/raw-tar.ts";
import { createContentPlanner, type ContentPlan } from "./content-plan.ts";
import { readPlanned } from "./read-planned.ts";

type Wish = readonly [layer: number, entry: number, want: string, size: number];

function plan(...wishes: readonly Wish[]): ContentPlan<string> {
  const planner = createContentPlanner<string>();
  for (const [layer, entry, want, size] of wishes) planner.add({ layer, entry }, want, size);
  return planner.plan();
}

/** Everything that is read, as `wants = content`, or only `wants` when there is no content. */
async function contents(image: Image, wanted: ContentPlan<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const { wants, content } of readPlanned({ image }, wanted)) {
    const text = content && fromBytes(await readAll(content, 1e8, "content"));
    found.push(text === undefined ? wants.join(" and ") : `${wants.join(" and ")} = ${text}`);
  }
  return found;
}

const LOWER = [file("a", "1"), file("b", "22"), hardlink("c", "a"), file("empty")];
const UPPER = [file("d", "4"), file("e", "55")];

describe("reading a plan entry by entry", () => {
  it("goes layer by layer, in the order of the entries, and reads each layer once", async () => {
    const { image, opened } = watchFetches(await makeImage([LOWER, UPPER]));
    const wanted = plan([1, 1, "e", 2], [0, 1, "b", 2], [1, 0, "d", 1], [0, 0, "a", 1]);
    expect(await contents(image, wanted)).toEqual(["a = 1", "b = 22", "d = 4", "e = 55"]);
    expect(opened).toEqual(image.manifest.value.layers.map(({ digest }) => digest));
  });

  it("gives each entry once, with everyone who wants it", async () => {
    const image = await makeImage([LOWER]);
    const wanted = plan([0, 1, "x", 2], [0, 0, "y", 1], [0, 1, "z", 2]);
    expect(await contents(image, wanted)).toEqual(["y = 1", "x and z = 22"]);
  });

  it("gives the entries of a layer that is in the image twice under both layer numbers", async () => {
    const image = await makeImage([UPPER, LOWER, UPPER]);
    const wanted = plan([2, 0, "upper", 1], [0, 0, "lower", 1]);
    expect(await contents(image, wanted)).toEqual(["lower = 4", "upper = 4"]);
  });

  it("does not read a layer when no content of it is wanted", async () => {
    const { image, opened } = watchFetches(await makeImage([LOWER, UPPER]));
    const wanted = plan([0, 3, "empty", 0], [0, 2, "link", 0], [1, 0, "d", 1]);
    expect(await contents(image, wanted)).toEqual(["link", "empty", "d = 4"]);
    expect(opened).toEqual([image.manifest.value.layers[1]!.digest]);
  });

  it("reads the content for all names of a hard-linked file from its one entry", async () => {
    const root = await mergeImage([LOWER]);
    const planner = createContentPlanner<string>();
    for (const path of ["/a", "/c"]) planner.add(root.location(root.lstat(b(path))!)!, path, 1);
    expect(await contents(root.image, planner.plan())).toEqual(["/a and /c = 1"]);
  });

  it("fills the holes of a sparse file with zeros", async () => {
    const extents = [[70_000, "abc"]] as const;
    const image = await makeImage([rawTar(sparseEntry("s", extents, 150_000))]);
    const whole = expandExtents(extents, 150_000);
    expect(await contents(image, plan([0, 0, "s", 150_000]))).toEqual([`s = ${whole}`]);
  });

  it("skips contents that the caller does not read", async () => {
    const image = await makeImage([[file("large", noise(2_000_000)), ...LOWER]]);
    const found: string[] = [];
    const wanted = plan([0, 0, "large", 2_000_000], [0, 2, "b", 2]);
    for await (const { wants, content } of readPlanned({ image }, wanted)) {
      if (wants[0] === "b") found.push(fromBytes(await readAll(content!, 10, "b")));
    }
    expect(found).toEqual(["22"]);
  });

  it("stops reading and releases the store when the caller leaves early", async () => {
    const large = [file("a", "1"), file("large", noise(4_000_000))];
    const watched = watchFetches(await makeImage([large, UPPER], { compression: "none" }));
    const wanted = plan([0, 0, "a", 1], [0, 1, "large", 4_000_000], [1, 0, "d", 1]);
    for await (const { wants } of readPlanned({ image: watched.image }, wanted)) {
      expect(wants).toEqual(["a"]);
      break;
    }
    expect(watched.opened).toHaveLength(1);
    expect(watched.ended()).toBe(1);
  });

  it("ends with an error when a layer does not match its diffID, whatever was already read of it", async () => {
    const image = await makeImage([LOWER]);
    const other = await makeImage([[file("a", "2"), file("b", "22")]]);
    const [blob] = other.manifest.value.layers;
    const fetch: Image["store"]["fetch"] = () => other.store.fetch(blob!);
    const damaged = { ...image, store: { ...image.store, fetch } };
    const reading = contents(damaged, plan([0, 1, "b", 2]));
    await expect(reading).rejects.toMatchObject({ code: "diff-id-mismatch" });
  });

  it("ends with an error when a wanted entry is not in the layer", async () => {
    const reading = contents(await makeImage([UPPER]), plan([0, 0, "d", 1], [0, 5, "x", 1]));
    await expect(reading).rejects.toMatchObject({
      code: "invalid-layer",
      message: expect.stringContaining("expected 2 entries that its index names, got 1") as string,
    });
  });

  it("stops when it is aborted", async () => {
    const image = await makeImage([LOWER, UPPER]);
    const stop = new AbortController();
    const wanted = plan([0, 0, "a", 1], [1, 0, "d", 1]);
    const items = readPlanned({ image }, wanted, { signal: stop.signal });
    expect((await items.next()).value).toMatchObject({ wants: ["a"] });
    stop.abort();
    await expect(items.next()).rejects.toMatchObject({ code: "aborted" });
  });
});
