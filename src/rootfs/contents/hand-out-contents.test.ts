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
  /** `path for who: content`. */
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

describe("contents that are handed out", () => {
  it("are those of the plan, each once to all who want it, in the order of the layer", async () => {
    const wanted = pass([6, "e"], [3, "one"], [1, "a"], [3, "other"]);
    expect(await handOut(LAYER, wanted, take())).toEqual([
      "d/a for a: 1",
      "d/b for one and other: 22",
      "d/empty for e: ",
    ]);
  });

  it("without a plan are those of all files, hard links and whiteouts left out", async () => {
    expect(await handOut(LAYER, undefined, take())).toEqual([
      "d/a for : 1",
      "d/b for : 22",
      "d/empty for : ",
    ]);
  });

  it("of a sparse file come with its holes, as zeros to who does not take holes", async () => {
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

  it("must all be there at the layer's end", async () => {
    const taken = take();
    await expect(handOut(LAYER, pass([3, "b"], [8, "x"], [8, "y"]), taken)).rejects.toMatchObject({
      code: "invalid-layer",
      message: "layer 0: expected 2 entries that its index names, got 1",
    });
    expect(taken.files).toEqual(["d/b for b: 22"]);
  });

  it("must be of files", async () => {
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

  it("are abandoned when the layer fails", async () => {
    let abandoned = 0;
    const finish = (): never => {
      throw new Error("full");
    };
    const taken = take({ finish, abandon: () => void (abandoned += 1) });
    await expect(handOut(LAYER, undefined, taken)).rejects.toThrow("full");
    expect(abandoned).toBe(1);
  });
});
