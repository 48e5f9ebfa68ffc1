// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  assembleIn,
  createWorkspace,
  recipe,
  type Workspace,
} from "../../../test/fixtures/assemble.ts";
import { countingStore } from "../../../test/fixtures/counting-store.ts";
import { compressorsAtOnce } from "../../bytes/compression.ts";
import type { Compression } from "../../oci/media-types.ts";
import { assemble } from "../assemble.ts";

let workspace: Workspace;
beforeEach(() => {
  workspace = createWorkspace();
});
afterEach(() => workspace.remove());

it.each<Compression>(["gzip", "zstd"])(
  "compresses no more layers of a recipe at once with %s than its memory allows, to the same image as all at once",
  async (compression) => {
    const names = Array.from({ length: 9 }, (_, at) => `part-${at}`);
    const layers = [Object.fromEntries(names.map((name) => [name, name.repeat(9_000)]))];
    const artifacts = { demo: { reference: await workspace.image("artifact", { layers }) } };
    const what = recipe({
      artifacts,
      layers: names.map((name) => ({
        name,
        steps: [{ kind: "copy", from: "demo", path: `/${name}` }],
      })),
    });
    const { store, most } = countingStore();
    const { descriptor } = await assemble(what, { target: store, compression });
    expect(most()).toBe(Math.min(names.length, await compressorsAtOnce(compression)));
    const { result, text } = await assembleIn(workspace, what, { compression });
    expect(result.descriptor).toEqual(descriptor);
    for (const name of names) expect(await text(`/${name}`)).toBe(name.repeat(9_000));
  },
);
