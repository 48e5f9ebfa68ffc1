// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Workspace,
  assembleIn,
  createWorkspace,
  recipe,
} from "../../test/fixtures/assemble.ts";
import { sourceOf } from "../bytes/bytes.ts";
import { appendLayer } from "../image/edit/append-layer.ts";
import { editConfig } from "../image/edit/edit-config.ts";
import type { ImageEdit } from "../image/edit/edit-images.ts";
import { rewriteManifest } from "../image/edit/rewrite-document.ts";
import { viewOf, type NewLayer } from "../image/edit/image-view.ts";
import { writeImage } from "../image/edit/write-image.ts";
import { type Image, readImage } from "../image/image.ts";
import type { LayoutStore } from "../store/layout/layout.ts";
import { assemble, planAssembly } from "./assemble.ts";
import type { Recipe } from "./recipe/recipe.ts";

let workspace: Workspace;
beforeEach(() => {
  workspace = createWorkspace();
});
afterEach(() => workspace.remove());

const KEY = "org.kataglyphis.assemble.key";
const STEPS: Recipe["layers"] = [
  { name: "gcc", steps: [{ kind: "copy", from: "demo", path: "/opt/gcc" }] },
  { name: "more", steps: [{ kind: "copy", from: "demo", path: "/opt/more", missing: "warn" }] },
  { name: "note", steps: [{ kind: "file", path: "/etc/note", content: "x" }] },
];

async function whole(more: Partial<Recipe> = {}): Promise<Recipe> {
  const reference = await workspace.image("artifact", {
    layers: [{ "opt/": "", "opt/gcc/": "", "opt/gcc/cc": "ELF", other: "not copied" }],
  });
  return recipe({ artifacts: { demo: { reference } }, layers: STEPS, ...more });
}

async function current(target: LayoutStore): Promise<Image> {
  return readImage(target, await target.resolve("latest"));
}

const LAYER: NewLayer = {
  name: "empty",
  source: sourceOf(new Uint8Array(1024)),
  compression: "none",
  storedAs: "gzip",
};

describe("an image that was edited is not up to date", () => {
  it.each<[string, ImageEdit]>([
    ["a change of its config", (view) => editConfig(view, { env: { set: { DEBUG: "1" } } })],
    ["an added annotation", (view) => editConfig(view, { annotations: { set: { a: "b" } } })],
    ["an appended layer", (view) => appendLayer(view, LAYER)],
  ])(
    "after %s, which drops the input key but keeps the run id and the parent",
    async (_what, edit) => {
      const what = await whole();
      const { result } = await assembleIn(workspace, what);
      const target = await workspace.layout("out");
      await writeImage(await edit(viewOf(await current(target))), target, { tag: "latest" });
      const annotations = (await current(target)).manifest.value.annotations;
      expect(annotations).not.toHaveProperty([KEY]);
      expect(annotations).toMatchObject({
        "org.kataglyphis.run-id": result.runId,
        "org.kataglyphis.parent-stage": "demo",
      });
      const again = await assembleIn(workspace, what);
      expect(again.result.changed).toBe(true);
      expect(again.result.descriptor.digest).toBe(result.descriptor.digest);
      expect(again.result.layers.map(({ reused }) => reused)).toEqual([true, true]);
    },
  );

  it("after an edit by another tool that keeps every note: only the actual image counts", async () => {
    const what = await whole();
    const { result } = await assembleIn(workspace, what);
    const target = await workspace.layout("out");
    const image = await current(target);
    const { annotations } = image.manifest.value;
    const forged = rewriteManifest(image.manifest, { annotations: { ...annotations, extra: "1" } });
    await target.push(forged.descriptor, sourceOf(forged.bytes));
    await target.tag(forged.descriptor, "latest");
    const again = await assembleIn(workspace, what);
    expect(again.result.changed).toBe(true);
    expect(again.result.descriptor.digest).toBe(result.descriptor.digest);
  });

  it("after a layer was exchanged under its old note, and that layer is made again", async () => {
    const what = await whole();
    const { result } = await assembleIn(workspace, what);
    const target = await workspace.layout("out");
    const image = await current(target);
    const [, other] = image.manifest.value.layers;
    const [first, ...rest] = image.manifest.value.layers;
    const wrong = { ...other!, annotations: first!.annotations };
    const forged = rewriteManifest(image.manifest, { layers: [wrong, ...rest] });
    await target.push(forged.descriptor, sourceOf(forged.bytes));
    await target.tag(forged.descriptor, "latest");
    const again = await assembleIn(workspace, what);
    expect(again.result.layers.map(({ reused }) => reused)).toEqual([false, true]);
    expect(again.result.descriptor.digest).toBe(result.descriptor.digest);
    expect(await again.text("/opt/gcc/cc")).toBe("ELF");
  });
});

describe("an image that is up to date", () => {
  it("is made again with force, including every layer, and comes out the same", async () => {
    const what = await whole();
    const first = await assembleIn(workspace, what);
    const forced = await assembleIn(workspace, what, { force: true });
    expect(forced.result.changed).toBe(true);
    expect(forced.result.layers.map(({ reused }) => reused)).toEqual([false, false]);
    expect(forced.result.descriptor.digest).toBe(first.result.descriptor.digest);
  });

  it("gives its original warnings again, and the image names no path of the machine", async () => {
    const reference = await workspace.image("base", { config: { Env: ["GCC_VERSION=16.1.0"] } });
    const variables = { GCC_VERSION: "16.2.0" };
    const what = await whole({ base: { reference }, variables });
    const first = await assembleIn(workspace, what);
    expect(first.result.warnings).toEqual([
      {
        kind: "contradicted-variable",
        where: "GCC_VERSION",
        message:
          'variable GCC_VERSION is "16.2.0", and the base\'s environment has "16.1.0": the image keeps the base\'s, because config.env does not set GCC_VERSION',
      },
      {
        kind: "missing-path",
        where: "more",
        message: 'layer more: artifact demo has no "/opt/more"',
      },
    ]);
    const second = await assembleIn(workspace, what);
    expect(second.result).toMatchObject({ changed: false, warnings: first.result.warnings });
    expect(new TextDecoder().decode(first.image.manifest.bytes)).not.toContain(workspace.directory);
  });
});

describe("planning an assembly", () => {
  it("tells what a run would do: everything, nothing, or only the layers that changed", async () => {
    const what = await whole();
    const target = await workspace.layout("out");
    const layersOf = async (one: Recipe, more: object = {}) => {
      const { changed, layers } = await planAssembly(one, { target, ...more });
      return [changed, ...layers.map(({ name, reused }) => `${name} ${String(reused)}`)];
    };
    const all = [true, "gcc false", "more false", "note false"];
    expect(await layersOf(what)).toEqual(all);
    await assemble(what, { target });
    expect(await layersOf(what)).toEqual([false]);
    expect((await planAssembly(what, { target })).warnings).toMatchObject([{ where: "more" }]);
    expect(await layersOf(what, { force: true })).toEqual(all);
    const [gcc, more] = STEPS;
    const note = { kind: "file", path: "/etc/note", content: "y" } as const;
    const changed = { ...what, layers: [gcc!, more!, { name: "note", steps: [note] }] };
    expect(await layersOf(changed)).toEqual([true, "gcc true", "more false", "note false"]);
  });
});

describe("the inputs of other architectures", () => {
  it("are not read if the run id is given, and an error about them suggests --run-id", async () => {
    const own = await whole();
    const platform = { os: "linux", architecture: "arm64" };
    const place = join(workspace.directory, "broken");
    mkdirSync(place);
    writeFileSync(join(place, "oci-layout"), "{");
    const other = recipe({ platform, artifacts: { demo: { reference: `oci:${place}` } } });
    const generation = [own, other];
    await expect(assembleIn(workspace, own, { generation })).rejects.toMatchObject({
      message: expect.stringContaining("arm64, of the same generation: ") as string,
      hint: expect.stringContaining("--run-id") as string,
    });
    const { result } = await assembleIn(workspace, own, { generation, runId: "7" });
    expect(result).toMatchObject({ changed: true, runId: "7" });
    expect((await planAssembly(own, { generation })).changed).toBe(true);
  });
});

describe("assemble refuses", () => {
  it.each([-1, 1.5, Number.NaN, 1e15])("the sourceDateEpoch %s", async (sourceDateEpoch) => {
    const target = await workspace.layout("out");
    for (const refused of [
      assemble(recipe({}), { target, sourceDateEpoch }),
      planAssembly(recipe({}), { sourceDateEpoch }),
    ]) {
      await expect(refused).rejects.toMatchObject({
        code: "invalid-argument",
        message: `sourceDateEpoch: expected whole seconds since 1970, got ${sourceDateEpoch}`,
      });
    }
  });

  it("an output inside a directory that it copies from", async () => {
    const directory = join(workspace.directory, "tree");
    mkdirSync(directory);
    writeFileSync(join(directory, "file"), "x");
    const what = recipe({
      artifacts: { tree: { directory } },
      steps: [{ kind: "copy", from: "tree", path: "/" }],
    });
    await expect(assembleIn(workspace, what, { into: "tree/out" })).rejects.toMatchObject({
      code: "invalid-argument",
      message: expect.stringContaining("artifact tree: expected an output outside") as string,
    });
  });
});
