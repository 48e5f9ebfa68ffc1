// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { indexTar, file, makeTar, whiteout } from "../../../test/fixtures/layers.ts";
import type { Digest, DiffId } from "../../oci/digest.ts";
import type { LayerGroup } from "../groups/layer-group.ts";
import { chooseDropped } from "./choose-dropped.ts";
import { measureLayer, type PreviousLayer } from "./kept-layers.ts";

const index = indexTar(makeTar([file("a", "12345"), whiteout(".wh.b")]));

function layer(
  bytes: number,
  kind: "component" | "differences" = "component",
  size = 1,
): PreviousLayer {
  const group: LayerGroup = kind === "component" ? { kind, name: "x" } : { kind };
  const digest = `sha256:${"0".repeat(64)}` as Digest;
  const descriptor = { mediaType: "x", digest, size };
  return { descriptor, diffId: digest as string as DiffId, index, group, bytes, removals: 0 };
}

const LIMITS = { maxLayers: 10, maxDead: 0.02 };
const NOTHING = { written: 0, writtenBytes: 0 };

describe("which layers are given up", () => {
  it("are none while all limits hold", () => {
    const layers = [layer(1_000), layer(1_000)];
    expect(chooseDropped({ layers, used: [1_000, 980], ...NOTHING }, LIMITS)).toEqual([]);
  });

  it("are those of which hardly anything is in use", () => {
    const layers = [layer(100_000), layer(100)];
    expect(chooseDropped({ layers, used: [100_000, 5], ...NOTHING }, LIMITS)).toEqual([
      { at: 1, why: "changed" },
    ]);
  });

  it("are, with too many dead bytes, as few as bring them down for the least that is sent again", () => {
    const layers = [layer(1_000), layer(1_000), layer(1_000)];
    expect(chooseDropped({ layers, used: [970, 500, 990], ...NOTHING }, LIMITS)).toEqual([
      { at: 1, why: "dead-bytes" },
    ]);
  });

  it("are, for the last dead bytes, one that frees enough for much less than the one that frees the most", () => {
    const layers = [1_000, 1_000, 200, 7_800].map((bytes) => layer(bytes, "component", bytes));
    const state = { layers, used: [500, 550, 180, 7_800], ...NOTHING };
    expect(chooseDropped(state, { ...LIMITS, maxDead: 0.05 })).toEqual([
      { at: 0, why: "dead-bytes" },
    ]);
    expect(chooseDropped(state, { ...LIMITS, maxDead: 0.048 })).toEqual([
      { at: 0, why: "dead-bytes" },
      { at: 2, why: "dead-bytes" },
    ]);
  });

  it("are not the layers of groups where there are too many layers: they would be written anew", () => {
    const layers = [layer(10), layer(900, "differences"), layer(20)];
    const state = { layers, used: [10, 900, 20], written: 5, writtenBytes: 5 };
    expect(chooseDropped(state, { ...LIMITS, maxLayers: 3 })).toEqual([{ at: 1, why: "layers" }]);
  });

  it("are the smallest layers of differences where there are too many layers", () => {
    const layers = [layer(10), layer(900, "differences"), layer(800, "differences")];
    const state = { layers, used: [10, 900, 800], written: 1, writtenBytes: 5 };
    expect(chooseDropped(state, { ...LIMITS, maxLayers: 3 })).toEqual([{ at: 2, why: "layers" }]);
  });
});

it("a layer is measured by its files with their headers, and its whiteouts", () => {
  expect(measureLayer(index)).toEqual({ bytes: 512 + 5 + 512, removals: 512 });
});
