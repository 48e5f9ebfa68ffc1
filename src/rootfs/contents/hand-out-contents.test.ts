// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import {
  directory,
  file,
  hardlink,
  makeImage,
  symlink,
  whiteout,
  type Piece,
} from "../../../test/fixtures/layers.ts";
import { expandExtents, sparseEntry } from "../../../test/fixtures/sparse-file.ts";
import { fromBytes } from "../../bytes/byte-string.ts";
import { rawTar } from "../../testing/raw-tar.ts";
import { createContentPlanner, type LayerPass } from "./content-plan.ts";
import { handOutFiles, handOutPass, type ContentConsumer } from "./hand-out-contents.ts";
import { readLayerOnce } from "./read-layer-once.ts";

interface Taken {
  readonly consumer: ContentConsumer<string>;
  /** One line for each file: `path for wants: content`. */
  readonly files: string[];
}

function take(more: Partial<ContentConsumer<string>> = {}): Taken {
  const files: string[] = [];
  let current = "";
  const consumer: ContentConsumer<string> = {
    start: ({ path }, _, wants) => (current = `${path} for ${wants.join(" and ")}: `),
    data: (chunk) => (current += fromBytes(chunk)),
    finish: () => void files.push(current),
    ...more,
  };
  return { consumer, files };
}

function pass(...wishes: readonly (readonly [number, string])[]): LayerPass<string> {
  const planner = createContentPlanner<string>();
  for (const [entry, want] of wishes) planner.add({ layer: 0, entry }, want, 1);
  return planner.plan().passes[0]!;
}

type Layer = readonly Piece[] | Uint8Array;

async function handOut(
  layer: Layer,
  wanted: LayerPass<string> | undefined,
  taken: Taken,
): Promise<string[]> {
  const image = await makeImage([layer]);
  const { consumer } = taken;
  const listener =
    wanted === undefined ? handOutFiles(consumer) : handOutPass(wanted, consumer, "layer 0");
  await readLayerOnce({ image }, 0, [listener]);
  return taken.files;
}

const LAYER = [
  directory("d"),
  file("d/a", "1"),
  whiteout("d/.wh.x"),
  file("d/b", "22"),
  hardlink("d/c", "d/a"),
  symlink("d/l", "a"),
  file("d/empty"),
];

describe("handing out the contents of a layer", () => {
  it("gives each planned file once, with everyone who wants it, in layer order", async () => {
    const wanted = pass([6, "e"], [3, "one"], [1, "a"], [3, "other"]);
    expect(await handOut(LAYER, wanted, take())).toEqual([
      "d/a for a: 1",
      "d/b for one and other: 22",
      "d/empty for e: ",
    ]);
  });

  it("gives all files when there is no plan, but no hard links and no whiteouts", async () => {
    expect(await handOut(LAYER, undefined, take())).toEqual([
      "d/a for : 1",
      "d/b for : 22",
      "d/empty for : ",
    ]);
  });

  it("passes on the holes of a sparse file, as zeros to a consumer without a hole method", async () => {
    const extents = [
      [3, "abc"],
      [9, "d"],
    ] as const;
    const tar = rawTar(sparseEntry("s", extents, 12));
    const zeros = await handOut(tar, pass([0, "x"]), take());
    expect(zeros).toEqual([`s for x: ${expandExtents(extents, 12)}`]);
    const holes: number[] = [];
    const taken = take({ hole: (length) => void holes.push(length) });
    expect(await handOut(tar, pass([0, "x"]), taken)).toEqual(["s for x: abcd"]);
    expect(holes).toEqual([3, 3, 2]);
  });

  it("fails at the layer's end when a planned file was not there", async () => {
    const taken = take();
    await expect(handOut(LAYER, pass([3, "b"], [8, "x"], [8, "y"]), taken)).rejects.toMatchObject({
      code: "invalid-layer",
      message: "layer 0: expected 2 entries that its index names, got 1",
    });
    expect(taken.files).toEqual(["d/b for b: 22"]);
  });

  it("fails when a planned entry is not a file", async () => {
    for (const [entry, type] of [
      [0, "directory"],
      [4, "hardlink"],
    ] as const) {
      await expect(handOut(LAYER, pass([entry, "x"]), take())).rejects.toMatchObject({
        code: "invalid-layer",
        message: expect.stringContaining(
          `expected a file, as its index says, got a ${type}`,
        ) as string,
      });
    }
  });

  it("abandons the consumer when the layer fails", async () => {
    let abandoned = 0;
    const finish = (): never => {
      throw new Error("full");
    };
    const taken = take({ finish, abandon: () => void (abandoned += 1) });
    await expect(handOut(LAYER, undefined, taken)).rejects.toThrow("full");
    expect(abandoned).toBe(1);
  });
});
