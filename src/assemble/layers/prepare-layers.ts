// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Image } from "../../image/image.ts";
import type { Entry } from "../../layer/entry.ts";
import { classifyWhiteout } from "../../layer/whiteout.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { type ArrangedLayer, arrangeLayer, filesOf } from "./arrange-layer.ts";
import { entriesOf } from "../../rootfs/export/node-entries.ts";
import { type Inputs, openImageTree, openTree } from "../inputs/find-inputs.ts";
import { planLayers } from "./plan-layers.ts";
import { type ArtifactTree, makeNode } from "../steps/planned-entry.ts";
import type { Recipe } from "../recipe/recipe.ts";
import type {
  AssembleWarning,
  InputOptions,
  PlannedLayerSummary,
  PlannedPath,
} from "../assemble-options.ts";

/** All layers of an image, arranged, and the trees that their files come from. */
export interface PreparedLayers {
  readonly layers: readonly ArrangedLayer[];
  readonly trees: readonly ArtifactTree[];
}

/**
 * Indexes the base and the artifacts that the recipe uses, and works out every layer from their file trees.
 * @throws OciError `invalid-recipe`, `missing-input`; what indexing throws
 */
export async function prepareLayers(
  recipe: Recipe,
  base: Image | undefined,
  inputs: Inputs,
  options: InputOptions,
  warn: (warning: AssembleWarning) => void,
): Promise<PreparedLayers> {
  const baseTree = base === undefined ? EMPTY_ROOT : await openImageTree(base, options);
  const trees = new Map<string, ArtifactTree>();
  for (const input of inputs.artifacts) {
    trees.set(input.record.name, await openTree(input, options));
  }
  const plans = await planLayers(recipe.layers, baseTree, {
    trees,
    sourceDateEpoch: options.sourceDateEpoch,
    warn: (kind, where, message) => warn({ kind, where, message }),
  });
  const layers = plans.map((plan) => arrangeLayer(plan, options.sourceDateEpoch));
  const summaries = layers.map(({ name, entries, bytes }) => ({ name, entries, bytes }));
  options.onProgress?.({ kind: "planned", layers: summaries });
  return { layers, trees: [...trees.values()] };
}

const ROOT = makeNode({ type: "directory", mode: 0o755 });

/** The root filesystem of `scratch`: an empty root directory. */
const EMPTY_ROOT: RootFilesystem = {
  name: "scratch",
  lstat: (path) => (path === "/" ? ROOT : undefined),
  list: () => [],
  read: async function* () {
    // no files, so nothing to read
  },
};

/** What a layer will hold, in a form for people to read. */
export function summarise(layer: ArrangedLayer, reused: boolean): PlannedLayerSummary {
  const { name, entries, bytes, head, parts } = layer;
  const copied = parts.flatMap(filesOf).flatMap((file) => entriesOf(file.node, file.paths));
  const paths = [...head.map(({ entry }) => entry), ...copied].map(showEntry);
  return { name, entries, bytes, reused, paths };
}

function showEntry(entry: Entry): PlannedPath {
  const whiteout = classifyWhiteout(entry.path);
  if (whiteout !== undefined) return { type: "whiteout", path: toText(whiteout.path), size: 0 };
  const path = toText(`/${entry.path}` as ByteString);
  const { type, size } = entry;
  return { type: type === "character" || type === "block" ? "device" : type, path, size };
}
