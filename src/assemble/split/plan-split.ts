// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { findComponents, type Components } from "../../layering/components/find-components.ts";
import type { PreviousImage, PreviousLayer } from "../../layering/plan/kept-layers.ts";
import {
  planLayers,
  type LayerPlan as SplitPlan,
  type PlanLayersOptions,
} from "../../layering/plan/plan-layers.ts";
import { RECHUNK_DEFAULTS } from "../../layering/rechunk-reference.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { directoryPaths } from "../../rootfs/layer-index/directory-paths.ts";
import type { MakeOptions } from "../assemble-options.ts";
import type { LookBelow } from "../steps/look-below.ts";
import type { Split } from "../recipe/recipe.ts";
import type { LayerTree } from "./layer-tree.ts";

/** A layer of the recipe divided among layers: those of the previous image that still hold, and new ones. */
export interface SplitLayers {
  readonly root: ImageFilesystem;
  readonly plan: SplitPlan;
  readonly previous: PreviousImage | undefined;
  /** What could not be used, each as one line for people. */
  readonly notices: readonly string[];
}

/**
 * Divides what a layer of the recipe holds as `rechunk` divides an image. A whiteout would also remove what is below:
 * layers that need one where the image has something below are not kept.
 * @throws OciError what reading the artifact throws
 */
export async function planSplit(
  { root, sourceOf }: LayerTree,
  artifact: ImageFilesystem,
  earlier: PreviousImage | undefined,
  below: LookBelow,
  {
    components: declared,
    layers: maxLayers = RECHUNK_DEFAULTS.maxLayers,
    layerBytes = Infinity,
    signal,
  }: Split & AbortOptions & Pick<MakeOptions, "layerBytes">,
): Promise<SplitLayers> {
  const options: PlanLayersOptions = {
    ...{ maxLayers, maxDead: RECHUNK_DEFAULTS.maxDead, layerBytes, exactTimes: false },
  };
  let found: Promise<Components> | undefined;
  const componentsOf = async (): Promise<Components> => {
    const components = await (found ??= findComponents(artifact, { declared, signal }));
    return { ...components, of: (path) => components.of(sourceOf(path) ?? path) };
  };
  const isBelow = (path: ByteString): boolean => below(path) !== undefined;
  let previous = keepWhere(earlier, (layer) => !removedBy(layer).some(isBelow));
  for (;;) {
    const plan = await planLayers(root, previous, componentsOf, options);
    const hidden = plan.added.flatMap(({ removed }) => removed).filter(isBelow);
    if (hidden.length === 0) {
      const { notices = [] } = (await found) ?? {};
      return { root, plan, previous, notices };
    }
    const paths = new Set<string>(hidden);
    previous = keepWhere(previous, (layer) => !holdsAny(layer, paths));
  }
}

function keepWhere(
  previous: PreviousImage | undefined,
  holds: (layer: PreviousLayer) => boolean,
): PreviousImage | undefined {
  return previous && { ...previous, layers: previous.layers.filter(holds) };
}

/** The paths that the whiteouts of a layer remove. */
function removedBy({ index }: PreviousLayer): readonly ByteString[] {
  const { columns, string } = index;
  const paths = directoryPaths(index);
  return Array.from(columns.removalDirectory, (id, at) => {
    const name = string(columns.removalName[at]!);
    return (name === "" ? paths[id]! || "/" : `${paths[id]!}/${name}`) as ByteString;
  });
}

/** Whether a layer has something at one of the paths, or below it. */
function holdsAny({ index }: PreviousLayer, paths: ReadonlySet<string>): boolean {
  const { columns, counts, string } = index;
  const directories = directoryPaths(index);
  // A directory comes after the one that it is in.
  const isBelow: boolean[] = [];
  for (const [id, path] of directories.entries()) {
    isBelow.push(paths.has(path) || isBelow[columns.directoryParent[id]!] === true);
  }
  for (let record = 0; record < counts.records; record += 1) {
    const directory = columns.directory[record]!;
    if (isBelow[directory] === true) return true;
    if (paths.has(`${directories[directory]!}/${string(columns.name[record]!)}`)) return true;
  }
  return false;
}
