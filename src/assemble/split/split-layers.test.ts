// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  makeDpkgImage,
  makePackages,
  type MadePackage,
} from "../../../test/fixtures/dpkg-image.ts";
import {
  type Assembled,
  type Workspace,
  assembleIn,
  createWorkspace,
  recipe,
} from "../../../test/fixtures/assemble.ts";
import { compareTrees } from "../../rootfs/compare/compare-trees.ts";
import type { LayerFiles } from "../../testing/build-image.ts";
import { assemble, planAssembly } from "../assemble.ts";
import type { AssembleOptions } from "../assemble-options.ts";
import type { CopyStep, LayerRecipe, Recipe, Step } from "../recipe/recipe.ts";

let workspace: Workspace;
beforeEach(() => {
  workspace = createWorkspace();
});
afterEach(() => workspace.remove());

const PACKAGES = makePackages(30);
const updated = (...numbers: number[]): MadePackage[] =>
  PACKAGES.map((each, at) => ({ ...each, version: numbers.includes(at) ? 2 : 1 }));
const copy = (path: string, more: Partial<CopyStep> = {}): CopyStep => ({
  ...{ kind: "copy", from: "demo", path },
  ...more,
});
const STEPS: readonly Step[] = [
  copy("/{bin,usr,var}"),
  { kind: "link", path: "/etc/link", target: "x" },
];

interface Change {
  readonly mtime?: number;
  readonly base?: LayerFiles;
  readonly steps?: readonly Step[];
  readonly layer?: Partial<LayerRecipe>;
}

/** The recipe with one layer that is split, of an artifact with these packages. */
async function recipeOf(packages: readonly MadePackage[], change: Change = {}): Promise<Recipe> {
  const { mtime, base, steps = STEPS, layer } = change;
  const place = `artifact-${artifacts++}`;
  const store = await workspace.layout(place);
  await makeDpkgImage(packages, { store, tag: "latest", ...(mtime !== undefined && { mtime }) });
  const layers = [{ name: "system", split: { layers: 12 }, steps, ...layer }];
  return recipe({
    ...{ artifacts: { demo: { reference: `oci:${workspace.directory}/${place}` } }, layers },
    ...(base && {
      base: { reference: await workspace.image(`base-${place}`, { layers: [base] }) },
    }),
  });
}
let artifacts = 0;

function make(
  what: Recipe,
  options: Partial<AssembleOptions> & { readonly into?: string } = {},
): Promise<Assembled> {
  return assembleIn(workspace, what, { compression: "none", ...options });
}

const kinds = ({ result }: Assembled): string[] => result.layers.map(({ action }) => action);

async function expectTree(made: Assembled, what: Recipe): Promise<void> {
  const layers = what.layers.map((layer) => ({ ...layer, split: undefined }));
  const whole = await make({ ...what, layers }, { into: `whole-${artifacts++}` });
  const { differences } = compareTrees(whole.tree, made.tree, { ignore: ["time"] });
  expect(differences).toEqual([]);
}

describe("a layer that is split", () => {
  it("becomes layers by package, and after an update keeps those in which nothing changed", async () => {
    const first = await make(await recipeOf(PACKAGES));
    expect(first.result.layers.length).toBeGreaterThan(5);
    expect(first.result.layers.length).toBeLessThanOrEqual(12);
    expect(new Set(kinds(first))).toEqual(new Set(["new"]));
    expect(first.result.layers.map(({ group }) => group)).toContain("pkg-0");
    const what = await recipeOf(updated(0, 20));
    const second = await make(what);
    const changed = second.result.layers.filter(({ reused }) => !reused);
    expect(changed.length).toBeLessThanOrEqual(2);
    const names = changed.flatMap(({ components = [] }) => components.map(({ name }) => name));
    expect(names).toEqual(expect.arrayContaining(["pkg-0", "pkg-20"]));
    expect(second.image.manifest.value.annotations).toMatchObject({
      "org.kataglyphis.layering.previous": first.result.descriptor.digest,
    });
    await expectTree(second, what);
    expect(second.image.config.value.history).toHaveLength(second.result.layers.length);
  });

  it("sends no layer when times alone changed, and records the same previous image", async () => {
    const first = await make(await recipeOf(PACKAGES));
    const second = await make(await recipeOf(PACKAGES, { mtime: 5_000 }));
    expect(second.result.changed).toBe(true);
    expect(new Set(kinds(second))).toEqual(new Set(["kept"]));
    const layersOf = ({ image }: Assembled): unknown => image.manifest.value.layers;
    expect(layersOf(second)).toEqual(layersOf(first));
    expect(second.image.manifest.value.annotations).not.toHaveProperty([
      "org.kataglyphis.layering.previous",
    ]);
    const { result } = await make(await recipeOf(PACKAGES, { mtime: 5_000 }));
    expect(result.changed).toBe(false);
  });

  it("comes out the same wherever it is made after the same previous image", async () => {
    const first = await make(await recipeOf(PACKAGES), { into: "first" });
    await make(await recipeOf(PACKAGES));
    const here = await make(await recipeOf(updated(1, 9)));
    const there = await make(await recipeOf(updated(1, 9)), {
      ...{ previous: first.image, into: "elsewhere" },
    });
    expect(there.result.descriptor.digest).toBe(here.result.descriptor.digest);
    const { result } = await make(await recipeOf(updated(1, 9)), { previous: first.image });
    expect(result.changed).toBe(false);
    const alone = await make(await recipeOf(updated(1, 9)), { previous: null });
    expect(new Set(kinds(alone))).toEqual(new Set(["new"]));
  });

  it("is planned as it is then made, with the bytes of each layer", async () => {
    await make(await recipeOf(PACKAGES));
    const what = await recipeOf(updated(3));
    const target = await workspace.layout("out");
    const options = { compression: "none", target } as const;
    const { layers } = await planAssembly(what, options);
    const made = await assemble(what, options);
    expect(layers).toEqual(made.layers.map((layer) => ({ ...layer, paths: [] })));
  });

  it("does not hide with a whiteout what the base has by then", async () => {
    const removed = PACKAGES.filter((_, at) => at !== 2);
    await make(await recipeOf(PACKAGES));
    const path = "usr/share/pkg-2/file-0";
    const base = { "usr/": "", "usr/share/": "", "usr/share/pkg-2/": "", [path]: "the base's" };
    const what = await recipeOf(removed, { base });
    const second = await make(what);
    expect(await second.text(`/${path}`)).toBe("the base's");
    await expectTree(second, what);
    expect(kinds(second)).toContain("kept");
  });

  it.each<[string, Change, RegExp]>([
    [
      "a file that the recipe writes",
      { steps: [...STEPS, { kind: "file", path: "/f", content: "1" }] },
      /split.*"\/f"/,
    ],
    [
      "a remove step",
      { steps: [...STEPS, { kind: "remove", path: "/f" }] },
      /split: expected no remove/,
    ],
    [
      "the same file at two places",
      { steps: [...STEPS, copy("/usr", { to: "/again" })] },
      /copied once/,
    ],
    ["nothing from an image", { steps: [STEPS[1]!] }, /something from the image/],
    ["too few layers", { layer: { split: { layers: 1 } } }, /expected 2 to 120 layers, got 1/],
  ])("is refused with %s", async (_, change, message) => {
    await expect(make(await recipeOf(PACKAGES.slice(0, 3), change))).rejects.toThrow(message);
  });
});

it("a previous image is refused for a recipe in which no layer is split", async () => {
  const what = await recipeOf(PACKAGES.slice(0, 3), { layer: { split: undefined } });
  await expect(make(what, { previous: null })).rejects.toThrow(/a layer that is split/);
});
