// SPDX-License-Identifier: MIT
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import type { Component } from "../components/component.ts";
import type { Components } from "../components/find-components.ts";
import {
  chooseGroups,
  groupsIn,
  keepGroups,
  type ComponentSizes,
  type Grouping,
} from "../groups/choose-groups.ts";
import { chooseDropped, type Dropped, type DropReason } from "./choose-dropped.ts";
import { compareKept, type KeptComparison } from "./compare-kept.ts";
import { divideFiles } from "./divide-files.ts";
import { listUnits, unitBytes, type FileUnit } from "./file-units.ts";
import { treeOf, type PreviousImage, type PreviousLayer } from "./kept-layers.ts";
import { add, arrangeLayer, type LayerParts, type NewLayer } from "./new-layer.ts";

export interface PlanLayersOptions {
  /** The most layers of the image, at least 2. */
  readonly maxLayers: number;
  /** The share of dead bytes from which on layers are written anew, from 0 to 1. */
  readonly maxDead: number;
  /** The most bytes of one layer. */
  readonly layerBytes: number;
  /** Whether a file whose time alone differs is written. */
  readonly exactTimes: boolean;
}

/** A layer that is kept. */
export interface KeptLayer extends PreviousLayer {
  /** Bytes of it that are in use; the rest are dead. */
  readonly used: number;
}

/** Which layers an image will have: the kept ones, and the new ones above them. */
export interface LayerPlan {
  readonly kept: readonly KeptLayer[];
  readonly added: readonly NewLayer[];
  /** Layers of the previous image that are not kept, in their order there. */
  readonly dropped: readonly { readonly layer: PreviousLayer; readonly why: DropReason }[];
}

/**
 * Plans the layers of an image. The tree of these layers is that of the image, but for the times of what is kept:
 * whatever the kept layers lack is written above them. The same image, previous image and options give the same plan.
 * @param componentsOf asked only when something has to be written
 */
export async function planLayers(
  wanted: ImageFilesystem,
  previous: PreviousImage | undefined,
  componentsOf: () => Promise<Components>,
  options: PlanLayersOptions,
): Promise<LayerPlan> {
  const units = listUnits(wanted);
  const recorded = previous?.layers ?? [];
  const dropped = new Map<PreviousLayer, DropReason>();
  for (;;) {
    const layers = recorded.filter((layer) => !dropped.has(layer));
    const kept = treeOf(previous?.image ?? wanted.image, layers);
    if (kept === undefined) {
      for (const layer of layers) dropped.set(layer, "dependent");
      continue;
    }
    const compared = compareKept(wanted, units, kept, layers.length, options);
    const divided = await divide({ compared, layers, recorded, componentsOf, options });
    const used = compared.used.map((bytes, at) => bytes + layers[at]!.removals);
    const drop = chooseDropped({ layers, used, ...sizeOf(divided.parts) }, options);
    if (drop.length === 0) {
      const arrange = { componentOf: divided.componentOf, directories: compared.directories };
      return {
        kept: layers.map((layer, at) => ({ ...layer, used: used[at]! })),
        added: divided.parts.map((parts) => arrangeLayer(wanted, parts, arrange)),
        dropped: listDropped(recorded, dropped),
      };
    }
    giveUp(drop, layers, dropped);
  }
}

interface Division {
  readonly compared: KeptComparison;
  readonly layers: readonly PreviousLayer[];
  readonly recorded: readonly PreviousLayer[];
  readonly componentsOf: () => Promise<Components>;
  readonly options: PlanLayersOptions;
}

async function divide({ compared, layers, recorded, componentsOf, options }: Division): Promise<{
  readonly parts: readonly LayerParts[];
  readonly componentOf: (unit: FileUnit) => Component;
}> {
  const { missing, removed } = compared;
  if (missing.length === 0 && removed.length === 0) {
    return { parts: [], componentOf: () => ({ name: "", label: "", source: undefined }) };
  }
  const components = await componentsOf();
  const componentOf = ({ paths }: FileUnit): Component => components.of(paths[0]!);
  const groups = groupsIn(options.maxLayers);
  const grouping = groupingFor(sizesOf(missing, componentOf), recorded, groups);
  const kept = layers.map(({ group }) => group);
  const { layerBytes } = options;
  return {
    parts: divideFiles(missing, removed, { componentOf, grouping, kept, layerBytes }),
    componentOf,
  };
}

function groupingFor(
  sizes: ComponentSizes,
  recorded: readonly PreviousLayer[],
  groups: number,
): Grouping {
  if (recorded.length === 0) return chooseGroups(sizes, groups);
  const known = recorded.map(({ group }) => group);
  return keepGroups(known, sizes, groups);
}

function sizesOf(
  units: readonly FileUnit[],
  componentOf: (unit: FileUnit) => Component,
): ComponentSizes {
  const sizes = new Map<Component, number>();
  for (const unit of units) {
    const bytes = unitBytes(unit);
    if (bytes > 0) add(sizes, componentOf(unit), bytes);
  }
  return sizes;
}

function sizeOf(parts: readonly LayerParts[]): {
  readonly written: number;
  readonly writtenBytes: number;
} {
  const sum = (units: readonly FileUnit[]): number =>
    units.reduce((bytes, unit) => bytes + unitBytes(unit), 0);
  return {
    written: parts.length,
    writtenBytes: parts.reduce((bytes, { units }) => bytes + sum(units), 0),
  };
}

function giveUp(
  drop: readonly Dropped[],
  layers: readonly PreviousLayer[],
  dropped: Map<PreviousLayer, DropReason>,
): void {
  for (const { at, why } of drop) dropped.set(layers[at]!, why);
}

function listDropped(
  recorded: readonly PreviousLayer[],
  dropped: ReadonlyMap<PreviousLayer, DropReason>,
): LayerPlan["dropped"] {
  return recorded.flatMap((layer) => {
    const why = dropped.get(layer);
    return why === undefined ? [] : [{ layer, why }];
  });
}
