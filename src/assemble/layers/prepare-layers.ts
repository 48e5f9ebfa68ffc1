// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Image } from "../../image/image.ts";
import type { Entry } from "../../layer/entry.ts";
import { classifyWhiteout } from "../../layer/whiteout.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { type ArrangedLayer, arrangeLayer, filesOf, timeOf } from "./arrange-layer.ts";
import { entriesOf } from "../../rootfs/export/node-entries.ts";
import type { Inputs } from "../inputs/find-inputs.ts";
import { openBaseTree, type OpenedTree, openTree } from "../inputs/open-trees.ts";
import { planLayers } from "./plan-layers.ts";
import { type ArtifactTree, makeNode } from "../steps/planned-entry.ts";
import type { Recipe, Split } from "../recipe/recipe.ts";
import { layerCompression } from "../../oci/media-types.ts";
import type { LayerPlan } from "../steps/layer-draft.ts";
import { RECHUNK_DEFAULTS } from "../../layering/rechunk-reference.ts";
import { treeCache } from "../inputs/tree-cache.ts";
import { findEarlierLayers } from "../split/earlier-layers.ts";
import { splitArtifact, treeOfPlan } from "../split/layer-tree.ts";
import { planSplit, type SplitLayers } from "../split/plan-split.ts";
import { lookBelow, type LookBelow } from "../steps/look-below.ts";
import { findWholeLayers, type WholeLayers } from "./whole-layers.ts";
import type {
  AssembleWarning,
  MakeOptions,
  PlannedPath,
  PlanOptions,
} from "../assemble-options.ts";

/** All layers of an image, arranged, and the trees that their files come from. */
export interface PreparedLayers {
  readonly layers: readonly PreparedLayer[];
  readonly trees: readonly ArtifactTree[];
  /** Which layers of artifacts count unread: not a part of the image, as it depends on what this machine knows. */
  readonly trusted: readonly AssembleWarning[];
}

/** A layer of the recipe. */
export interface PreparedLayer {
  readonly arranged: ArrangedLayer;
  /** The layers of an artifact that take its place as they stand; undefined if it has to be written. */
  readonly whole: WholeLayers | undefined;
  /** The layers that it is divided among; undefined if the recipe does not ask for that. */
  readonly split: SplitLayers | undefined;
}

export interface PrepareOptions extends PlanOptions {
  /** The image whose layers are kept where a layer is split. */
  readonly splitAfter: Image | undefined;
}

/**
 * Indexes the base and the artifacts that the recipe uses, and works out every layer from their file trees. Of an
 * artifact, whatever is to be written is at hand then, and was indexed by reading it.
 * @throws OciError `invalid-recipe`, `missing-input`; what indexing throws
 */
export async function prepareLayers(
  recipe: Recipe,
  base: Image | undefined,
  inputs: Inputs,
  options: PrepareOptions,
  warn: (warning: AssembleWarning) => void,
): Promise<PreparedLayers> {
  const { sourceDateEpoch, target, onProgress } = options;
  const root =
    base === undefined ? EMPTY_ROOT : await openBaseTree(base, inputs.base!, target, options);
  const opened = new Map<string, OpenedTree>();
  for (const input of inputs.artifacts) {
    opened.set(input.record.name, await openTree(input, target, options));
  }
  for (;;) {
    const trees = new Map([...opened].map(([name, { tree }]) => [name, tree]));
    const warnings: AssembleWarning[] = [];
    const plans = await planLayers(recipe.layers, root, {
      trees,
      sourceDateEpoch,
      warn: (kind, where, message) => void warnings.push({ kind, where, message }),
    });
    const rows = plans.map((plan, at) => {
      const below = lookBelow(root, plans.slice(0, at));
      const { split } = recipe.layers[at]!;
      const whole = split === undefined ? findWholeLayers(plan, below) : undefined;
      const isWanted = whole !== undefined && isStoredAsWanted(whole, options);
      return { plan, below, split, whole: isWanted ? whole : undefined };
    });
    if (await readWhatIsWritten(rows, opened)) continue;
    warnings.forEach(warn);
    const layers: PreparedLayer[] = [];
    for (const row of rows) {
      const split = row.split && (await divide(row.plan, row.split, row.below, options, warn));
      layers.push({ arranged: arrangeLayer(row.plan, sourceDateEpoch), whole: row.whole, split });
    }
    onProgress?.({
      kind: "planned",
      layers: layers.map(({ arranged: { name, entries, bytes } }) => ({ name, entries, bytes })),
    });
    return { layers, trees: [...trees.values()], trusted: trustedIn(layers, opened) };
  }
}

/** Names the layers, of each artifact that some are taken of, that nobody compared with what is said of them. */
function trustedIn(
  layers: readonly PreparedLayer[],
  opened: ReadonlyMap<string, OpenedTree>,
): readonly AssembleWarning[] {
  const names = new Set(
    layers.flatMap(({ whole }) => (whole === undefined ? [] : whole.tree.name)),
  );
  return [...names].sort().flatMap((name): AssembleWarning[] => {
    const { tree, unproven } = opened.get(name)!;
    if (unproven.size === 0) return [];
    const all = tree.image!.image.manifest.value.layers;
    const digests = [...unproven].sort((a, b) => a - b).map((layer) => all[layer]!.digest);
    const message = `artifact ${name}: layers that were not read count for what their tables of contents say: ${digests.join(", ")}`;
    return [{ kind: "trusted-tables", where: name, message }];
  });
}

/** Divides a layer among several. */
async function divide(
  plan: LayerPlan,
  split: Split,
  below: LookBelow,
  options: PrepareOptions,
  warn: (warning: AssembleWarning) => void,
): Promise<SplitLayers | undefined> {
  if (plan.entries.size === 0) return undefined;
  const { layers: most = RECHUNK_DEFAULTS.maxLayers } = split;
  const { signal, limits, sourceDateEpoch, layerBytes } = options;
  const artifact = splitArtifact(plan);
  const tree = treeOfPlan(plan, artifact, timeOf(plan, sourceDateEpoch));
  const cache = treeCache(options, "layer-indexes");
  const indexing = { cache, limits, signal };
  const earlier = await findEarlierLayers(options.splitAfter, plan.name, { ...indexing, most });
  const made = await planSplit(tree, artifact.image!, earlier, below, {
    ...split,
    layerBytes,
    signal,
  });
  for (const notice of made.notices) {
    warn({ kind: "unread-packages", where: plan.name, message: `layer ${plan.name}: ${notice}` });
  }
  return made;
}

/**
 * Whether layers are compressed as they should be: in any way that a layer may be, unless one is asked for. Where the
 * level is to be found for a line, at all: to send what may be there already costs more than a better level gains.
 */
function isStoredAsWanted({ tree, layers }: WholeLayers, options: MakeOptions): boolean {
  const { compression, level } = options;
  return layers.every(({ number }) => {
    const { mediaType, urls } = tree.image!.image.manifest.value.layers[number]!;
    const stored = layerCompression(mediaType);
    if (stored === undefined || urls !== undefined) return false;
    if (typeof level === "function") return stored !== "none";
    return compression === undefined || (compression === stored && level === undefined);
  });
}

/**
 * Reads the layers that something is written from and that were not read yet. What these really hold may differ from
 * what was planned with: then it says so, and has to be planned again.
 */
async function readWhatIsWritten(
  rows: readonly { readonly plan: LayerPlan; readonly whole: WholeLayers | undefined }[],
  opened: Map<string, OpenedTree>,
): Promise<boolean> {
  const wanted = new Map<string, Set<number>>();
  for (const { plan, whole } of rows) {
    if (whole !== undefined) continue;
    for (const { copied } of plan.entries.values()) {
      if (copied?.tree.image === undefined) continue;
      const { name } = copied.tree;
      const layer = copied.tree.image.location(copied.node)?.layer;
      if (layer === undefined || !opened.get(name)!.unread.has(layer)) continue;
      wanted.set(name, (wanted.get(name) ?? new Set()).add(layer));
    }
  }
  for (const [name, layers] of wanted) {
    opened.set(name, await opened.get(name)!.read([...layers].sort((a, b) => a - b)));
  }
  return wanted.size > 0;
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
export function listPaths({ head, parts }: ArrangedLayer): readonly PlannedPath[] {
  const copied = parts.flatMap(filesOf).flatMap((file) => entriesOf(file.node, file.paths));
  return [...head.map(({ entry }) => entry), ...copied].map(showEntry);
}

function showEntry(entry: Entry): PlannedPath {
  const whiteout = classifyWhiteout(entry.path);
  if (whiteout !== undefined) return { type: "whiteout", path: toText(whiteout.path), size: 0 };
  const path = toText(`/${entry.path}` as ByteString);
  const { type, size } = entry;
  return { type: type === "character" || type === "block" ? "device" : type, path, size };
}
