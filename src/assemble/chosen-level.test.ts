// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeDpkgImage, makePackages } from "../../test/fixtures/dpkg-image.ts";
import {
  type Assembled,
  type Workspace,
  assembleIn,
  createWorkspace,
  recipe,
} from "../../test/fixtures/assemble.ts";
import type { Compression } from "../oci/media-types.ts";
import type { AssembleOptions } from "./assemble-options.ts";
import { planAssembly } from "./assemble.ts";
import type { Recipe } from "./recipe/recipe.ts";

let workspace: Workspace;
let asked: number;
beforeEach(() => {
  workspace = createWorkspace();
  asked = 0;
});
afterEach(() => workspace.remove());

const FILES = { "opt/": "", "opt/gcc/": "", "opt/gcc/cc": "ELF ".repeat(5000) };

/** Three layers, of which the last depends on a text. */
async function three(text = "x"): Promise<Recipe> {
  const reference = await workspace.image("artifact", { layers: [{ ...FILES, other: "1" }] });
  return recipe({
    artifacts: { demo: { reference } },
    layers: [
      { name: "gcc", steps: [{ kind: "copy", from: "demo", path: "/opt/gcc" }] },
      { name: "other", steps: [{ kind: "copy", from: "demo", path: "/other" }] },
      { name: "note", steps: [{ kind: "file", path: "/note", content: text.repeat(5000) }] },
    ],
  });
}

/** Options with a level that is found first, as it comes out today. */
function found(today: number): Pick<AssembleOptions, "compression" | "level"> {
  const level = (): Promise<number> => {
    asked += 1;
    return Promise.resolve(today);
  };
  return { compression: "zstd", level };
}

const layersOf = ({ image }: Assembled): readonly string[] =>
  image.manifest.value.layers.map(({ digest }) => digest);

describe("a level that is found when a layer is to be made", () => {
  it("is not asked for an image that is up to date, whatever it would be today", async () => {
    const first = await assembleIn(workspace, await three(), found(9));
    expect(asked).toBeGreaterThan(0);
    asked = 0;
    const { result } = await assembleIn(workspace, await three(), found(1));
    expect(result).toMatchObject({ changed: false, descriptor: first.result.descriptor });
    const target = await workspace.layout("out");
    const planned = await planAssembly(await three(), { target, ...found(1) });
    expect(planned.changed).toBe(false);
    expect(asked).toBe(0);
  });

  it("makes what changed, and leaves all other layers as another day's level made them", async () => {
    const first = layersOf(await assembleIn(workspace, await three(), found(9)));
    const second = await assembleIn(workspace, await three("y"), found(1));
    expect(layersOf(second).slice(0, 2)).toEqual(first.slice(0, 2));
    expect(second.result.layers.map(({ reused }) => reused)).toEqual([true, true, false]);
    const weak = await assembleIn(workspace, await three("y"), {
      ...{ compression: "zstd", level: 1, into: "weak" },
    });
    expect(layersOf(second)[2]).toBe(layersOf(weak)[2]);
    expect(layersOf(second)[0]).not.toBe(layersOf(weak)[0]);
  });

  it("is another wish than that level by name, and so is made anew when it is named", async () => {
    await assembleIn(workspace, await three(), found(9));
    const named = await assembleIn(workspace, await three(), { compression: "zstd", level: 9 });
    expect(named.result.layers.every(({ reused }) => !reused)).toBe(true);
    const again = await assembleIn(workspace, await three(), found(9));
    expect(again.result.changed).toBe(true);
    expect(layersOf(again)).toEqual(layersOf(named));
  });

  it("is asked anew by force, which makes all layers again", async () => {
    await assembleIn(workspace, await three(), found(9));
    const forced = await assembleIn(workspace, await three(), { ...found(1), force: true });
    expect(forced.result.layers.every(({ reused }) => !reused)).toBe(true);
  });

  it("leaves the layers of a split layer in which nothing changed", async () => {
    const packages = makePackages(20).map((each) => ({ ...each, version: 1 }));
    const split = async (versions: typeof packages): Promise<Recipe> => {
      const place = `artifact-${versions.map(({ version }) => version).join("")}`;
      await makeDpkgImage(versions, { store: await workspace.layout(place), tag: "latest" });
      const reference = `oci:${workspace.directory}/${place}`;
      const steps = [{ kind: "copy", from: "demo", path: "/{bin,usr,var}" }] as const;
      return recipe({
        artifacts: { demo: { reference } },
        layers: [{ name: "system", split: { layers: 12 }, steps }],
      });
    };
    const first = await assembleIn(workspace, await split(packages), found(9));
    asked = 0;
    expect((await assembleIn(workspace, await split(packages), found(1))).result.changed).toBe(
      false,
    );
    expect(asked).toBe(0);
    const changed = packages.map((each, at) => ({ ...each, version: at === 3 ? 2 : 1 }));
    const second = await assembleIn(workspace, await split(changed), found(1));
    const fresh = second.result.layers.filter(({ reused }) => !reused);
    expect(fresh.length).toBeLessThanOrEqual(2);
    const others = layersOf(second).filter((digest) => layersOf(first).includes(digest));
    expect(others).toHaveLength(second.result.layers.length - fresh.length);
  });

  it.each<[Compression, boolean]>([
    ["gzip", true],
    ["zstd", true],
    ["none", false],
  ])("takes a layer of an artifact as it stands if it is compressed: %s", async (kind, isTaken) => {
    const spec = { layers: [FILES], compression: kind };
    const reference = await workspace.image("artifact", spec);
    const steps = [{ kind: "copy", from: "demo", path: "/opt/gcc" }] as const;
    const what = recipe({ artifacts: { demo: { reference } }, steps });
    const { result } = await assembleIn(workspace, what, found(3));
    expect(result.layers.map(({ artifact }) => artifact)).toEqual([isTaken ? "demo" : undefined]);
    expect(asked).toBe(isTaken ? 0 : 1);
  });
});
