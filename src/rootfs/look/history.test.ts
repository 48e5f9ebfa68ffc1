// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import {
  b,
  directory,
  file,
  hardlink,
  makeImage,
  symlink,
  whiteout,
  type Piece,
} from "../../../test/fixtures/layers.ts";
import { indexLayers } from "../layer-index/image-indexes.ts";
import { listSteps } from "./image-history.ts";
import { followPath, type PathHistory } from "./path-history.ts";

const LAYERS: readonly (readonly Piece[])[] = [
  [file("etc/a", "12345"), symlink("cfg", "etc"), file("usr/big", "x".repeat(1000))],
  [file("cfg/a", "123"), hardlink("kept", "usr/big")],
  [file("etc/a", "123", { mode: 0o600 }), whiteout("usr/.wh.big")],
  [file("etc/a", "123", { mode: 0o600 })],
  [whiteout(".wh.etc"), directory("etc"), file("twice", "one"), file("twice", "other")],
];

async function follow(path: string): Promise<PathHistory> {
  const image = await makeImage(LAYERS);
  return followPath(image, await indexLayers(image), b(path));
}

const brief = ({ changes }: PathHistory): unknown[] =>
  changes.map(({ layer, change, fields }) => [layer, change, ...fields.map(({ field }) => field)]);

describe("the history of a path", () => {
  it("has each layer that brought, changed, rewrote or removed it, also through links", async () => {
    const history = await follow("/cfg/a");
    expect(history).toMatchObject({ path: "/etc/a", exists: false });
    expect(brief(history)).toEqual([
      [0, "added"],
      [1, "changed", "size"],
      [2, "changed", "mode"],
      [3, "rewritten"],
      [4, "removed"],
    ]);
  });

  it("goes by the name, not by the file: another name of it is no change", async () => {
    expect(brief(await follow("/kept"))).toEqual([[1, "added"]]);
    expect(brief(await follow("/usr/big"))).toEqual([
      [0, "added"],
      [2, "removed"],
    ]);
  });

  it("is refused for a path that no layer has", async () => {
    await expect(follow("/never")).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("the steps of an image", () => {
  it("say what of each layer's files nobody sees; a file with a name left is seen", async () => {
    const image = await makeImage(LAYERS);
    const steps = listSteps(image, await indexLayers(image));
    expect(steps.map(({ layer }) => [layer?.bytes, layer?.wasted, layer?.removals])).toEqual([
      [1005, 5, 0],
      [3, 3, 0],
      [3, 3, 1],
      [3, 3, 0],
      [8, 3, 1],
    ]);
  });

  it("are put together with what the configuration tells, where that tells of every layer", async () => {
    const image = await makeImage([[file("a", "1")]]);
    const indexes = await indexLayers(image);
    const told = (history: readonly object[]) => {
      const value = { ...image.config.value, history };
      return listSteps({ ...image, config: { ...image.config, value } }, indexes);
    };
    const env = { created_by: "ENV A=1", empty_layer: true };
    const copy = { created_by: "COPY a /" };
    expect(told([env, copy, env])).toMatchObject([
      { layer: undefined, history: env },
      { layer: { number: 0 }, history: copy },
      { layer: undefined, history: env },
    ]);
    expect(told([copy, copy])).toMatchObject([{ layer: { number: 0 }, history: undefined }]);
  });
});
