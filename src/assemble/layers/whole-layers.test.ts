// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Workspace,
  assembleIn,
  createWorkspace,
  recipe,
} from "../../../test/fixtures/assemble.ts";
import { readImage } from "../../image/image.ts";
import { type ImageFilesystem, openImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { buildImage, type LayerFiles } from "../../testing/build-image.ts";
import { compareTrees } from "../../rootfs/compare/compare-trees.ts";
import type { AssembleOptions } from "../assemble-options.ts";
import type { CopyStep, LayerRecipe, Step } from "../recipe/recipe.ts";
import { planLayers } from "./plan-layers.ts";
import { lookBelow } from "../steps/look-below.ts";
import { findWholeLayers } from "./whole-layers.ts";

let workspace: Workspace;
beforeEach(() => {
  workspace = createWorkspace();
});
afterEach(() => workspace.remove());

const copy = (path: string, more: Partial<CopyStep> = {}): CopyStep => ({
  ...{ kind: "copy", from: "demo", path },
  ...more,
});
const GCC: LayerFiles = {
  "opt/": { type: "directory", mtime: 5 },
  "opt/gcc/": { type: "directory", mtime: 6 },
  "opt/gcc/cc": { content: "ELF", mtime: 7 },
};

interface Case {
  readonly layers: readonly LayerFiles[];
  readonly base?: LayerFiles;
  readonly steps?: readonly Step[];
  readonly below?: readonly LayerRecipe[];
  readonly sourceDateEpoch?: number;
}

async function openTree(layers: readonly LayerFiles[]): Promise<ImageFilesystem> {
  const store = createMemoryStore();
  const { descriptor } = await buildImage(store, { layers });
  return openImageFilesystem(await readImage(store, descriptor));
}

/** The numbers of the artifact's layers that the layer `gcc` is; undefined where it has to be written. */
async function taken({
  layers,
  base = {},
  steps,
  below = [],
  ...rest
}: Case): Promise<number[] | undefined> {
  const image = await openTree(layers);
  const { digest } = image.image.descriptor;
  const demo = { name: "demo", digest, root: image, image, origin: undefined };
  const root = await openTree([base]);
  const plans = await planLayers(
    [...below, { name: "gcc", steps: steps ?? [copy("/opt/gcc")] }],
    root,
    {
      trees: new Map([["demo", demo]]),
      sourceDateEpoch: rest.sourceDateEpoch,
      warn: () => undefined,
    },
  );
  const found = findWholeLayers(plans.at(-1)!, lookBelow(root, plans.slice(0, -1)));
  expect([undefined, demo]).toContain(found?.tree);
  return found?.layers.map(({ number }) => number);
}

describe("a layer of an artifact is taken as it stands", () => {
  it.each<[string, Case, number[]]>([
    ["where it is exactly what is copied", { layers: [GCC] }, [0]],
    [
      "above and below layers that hold something else",
      { layers: [{ a: "1" }, GCC, { "usr/": "", "usr/b": "2" }] },
      [1],
    ],
    [
      "where the directory above has another time in the base",
      { layers: [GCC], base: { "opt/": { type: "directory", mtime: 99 } } },
      [0],
    ],
    [
      "with others, where together they are what is copied, one replacing files of another",
      {
        layers: [
          { ...GCC, "opt/gcc/as": "1" },
          { "opt/": "", "opt/gcc/cc": "ELF 2", "opt/gcc/ld": "3" },
        ],
      },
      [0, 1],
    ],
    [
      "by a step with options that change nothing",
      {
        layers: [GCC],
        steps: [
          copy("/opt/gcc", { owner: { uid: 0, gid: 0 }, mode: { files: 0o644 }, times: "clamp" }),
        ],
        sourceDateEpoch: 50,
      },
      [0],
    ],
    [
      "by several steps and a pattern",
      {
        layers: [{ "opt/": "", "opt/a": "1", "opt/b": "2", "opt/c": "3" }],
        steps: [copy("/opt/{a,b}"), copy("/opt/c")],
      },
      [0],
    ],
  ])("%s", async (_, what, layers) => {
    expect(await taken(what)).toEqual(layers);
  });
});

describe("a layer is written anew", () => {
  const MORE = { ...GCC, other: "1" };
  it.each<[string, Case]>([
    ["where the artifact's layer holds something else", { layers: [MORE] }],
    ["where it holds an empty directory besides", { layers: [{ ...GCC, "srv/": "" }] }],
    [
      "where a file is left out",
      { layers: [{ ...GCC, "opt/gcc/x": "" }], steps: [copy("/opt/gcc", { exclude: ["x"] })] },
    ],
    ["at another path", { layers: [GCC], steps: [copy("/opt/gcc", { to: "/srv" })] }],
    [
      "with another owner",
      { layers: [GCC], steps: [copy("/opt/gcc", { owner: { uid: 1, gid: 0 } })] },
    ],
    ["with another mode", { layers: [GCC], steps: [copy("/opt/gcc", { mode: { files: 0o600 } })] }],
    [
      "with another time",
      {
        layers: [GCC],
        steps: [copy("/opt/gcc", { times: "clamp" })],
        sourceDateEpoch: 1,
      },
    ],
    [
      "with a link besides",
      { layers: [GCC], steps: [copy("/opt/gcc"), { kind: "link", path: "/l", target: "opt" }] },
    ],
    [
      "with a whiteout besides",
      { layers: [GCC], steps: [copy("/opt/gcc"), { kind: "remove", path: "/l" }] },
    ],
    [
      "where a file is replaced by a layer that holds something else",
      { layers: [GCC, { "opt/": "", "opt/gcc/": "", "opt/gcc/cc": "2", srv: "3" }] },
    ],
    [
      "where a file is removed above",
      {
        layers: [
          { ...GCC, "opt/gcc/old": "1" },
          { "opt/": "", "opt/gcc/": "", "opt/gcc/.wh.old": "" },
        ],
      },
    ],
    [
      "where the artifact's layer removes something",
      { layers: [{ a: "1" }, { ...GCC, ".wh.a": "" }] },
    ],
    [
      "where a layer above gives the directory another mode",
      { layers: [GCC, { "opt/": "", "opt/gcc/": { type: "directory", mode: 0o700 }, srv: "1" }] },
    ],
    [
      "where no layer says what the directory above is",
      { layers: [{ "opt/gcc/": "", "opt/gcc/cc": "1" }] },
    ],
    [
      "where the base's directory has another mode",
      { layers: [GCC], base: { "opt/": { type: "directory", mode: 0o700 } } },
    ],
    [
      "where the base's directory has another owner",
      { layers: [GCC], base: { "opt/": { type: "directory", uid: 7 } } },
    ],
    [
      "where the base's root has another mode",
      { layers: [{ ...GCC, "./": { type: "directory", mode: 0o700 } }] },
    ],
    [
      "where a link of the base leads elsewhere",
      { layers: [GCC], base: { opt: { symlink: "srv" }, "srv/": "" } },
    ],
    [
      "where an earlier layer gives the directory above another owner",
      {
        layers: [GCC],
        base: { "opt/": "" },
        below: [
          { name: "own", steps: [{ kind: "directory", path: "/opt", owner: { uid: 5, gid: 5 } }] },
        ],
      },
    ],
    [
      "where a hard link leads into another layer",
      { layers: [{ a: "1" }, { "opt/": "", "opt/gcc/": "", "opt/gcc/cc": { hardlink: "a" } }] },
    ],
  ])("%s", async (_, what) => {
    expect(await taken(what)).toBeUndefined();
  });
});

/** Directories of a base may have been made before those of an artifact. */
const TWO: Case = {
  layers: [
    { "usr/": "", "usr/x": "not copied" },
    { ...GCC, "opt/gcc/ln": { hardlink: "opt/gcc/cc" }, "opt/gcc/s": { symlink: "cc" } },
    {
      "opt/": "",
      "opt/media/": { type: "directory", mode: 0o750, uid: 3 },
      "opt/media/a": "12345",
    },
  ],
  base: { "opt/": { type: "directory", mtime: 99 }, "etc/": "" },
  steps: [copy("/opt/gcc"), copy("/opt/media")],
};

describe("an image with layers of an artifact", () => {
  async function make(options: Partial<AssembleOptions> & { readonly into?: string } = {}) {
    const demo = { reference: await workspace.image("artifact", { layers: TWO.layers }) };
    const base = { reference: await workspace.image("base", { layers: [TWO.base!] }) };
    const layers = [{ name: "parts", steps: TWO.steps! }];
    return assembleIn(workspace, recipe({ artifacts: { demo }, base, layers }), options);
  }

  it("has the tree that writing them gives, but for times of directories above", async () => {
    const whole = await make();
    const written = await make({ compression: "zstd", into: "written" });
    expect(whole.result.layers.map(({ reused }) => reused)).toEqual([true, true]);
    expect(written.result.layers.map(({ reused }) => reused)).toEqual([false]);
    const { differences } = compareTrees(whole.tree, written.tree);
    expect(differences.map(({ path, fields }) => [path, fields.map(({ field }) => field)])).toEqual(
      [["/opt", ["time"]]],
    );
  });

  it("has their descriptors and blobs, an entry of the history for each, and says what each holds", async () => {
    const { result, image } = await make();
    const store = await workspace.layout("artifact");
    const artifact = await readImage(store, await store.resolve("latest"));
    expect(image.manifest.value.layers.slice(1)).toEqual(artifact.manifest.value.layers.slice(1));
    expect(result.layers).toMatchObject([
      { name: "parts", entries: 5, bytes: 3, artifact: "demo" },
      { name: "parts", entries: 3, bytes: 5, artifact: "demo" },
    ]);
    const made = { created_by: "oci-kit assemble: parts" };
    expect(image.config.value.history?.slice(1)).toMatchObject([made, made]);
  });

  it.each([
    [{ compression: "gzip" }, true],
    [{ compression: "gzip", level: 9 }, false],
    [{ compression: "none" }, false],
    [{ force: true }, true],
  ] as const)("with %j: %s", async (options, isTaken) => {
    const { result } = await make(options);
    expect(result.layers.every(({ artifact }) => artifact === "demo")).toBe(isTaken);
  });
});
