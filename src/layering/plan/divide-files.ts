// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Component } from "../components/component.ts";
import { formatGroup, type LayerGroup } from "../groups/layer-group.ts";
import type { Grouping } from "../groups/choose-groups.ts";
import { unitBytes, type FileUnit } from "./file-units.ts";
import type { LayerParts } from "./new-layer.ts";

export interface DivideOptions {
  readonly componentOf: (unit: FileUnit) => Component;
  readonly grouping: Grouping;
  /** Groups that have a kept layer: what is new of them are differences. */
  readonly kept: readonly LayerGroup[];
  /** The most bytes of one layer. */
  readonly layerBytes: number;
}

const DIFFERENCES: LayerGroup = { kind: "differences" };

/**
 * Divides what is to be written among layers: a group without a kept layer gets one, and all else is one layer of
 * differences, with what is removed, above the others. Components with a layer for themselves come first, then those
 * that share one. A layer above the cap is cut in the order of its files.
 */
export function divideFiles(
  units: readonly FileUnit[],
  removed: readonly ByteString[],
  { componentOf, grouping, kept, layerBytes }: DivideOptions,
): LayerParts[] {
  const isKept = new Set(kept.map(formatGroup));
  const groups = new Map<string, { readonly group: LayerGroup; readonly units: FileUnit[] }>();
  const differences: FileUnit[] = [];
  const put = (unit: FileUnit): void => {
    const group = grouping(componentOf(unit));
    const key = formatGroup(group);
    if (isKept.has(key)) {
      differences.push(unit);
      return;
    }
    const known = groups.get(key) ?? { group, units: [] };
    known.units.push(unit);
    groups.set(key, known);
  };
  const covered = new Set<ByteString>();
  for (const unit of units) {
    if (unit.node.type === "directory") continue;
    put(unit);
    for (const path of unit.paths) coverParents(path, covered);
  }
  for (const path of removed) coverParents(path, covered);
  // Parents are in every layer that needs them; only what is nobody's parent has to be put anywhere. From the
  // end, because a directory covers those above it.
  for (const unit of units.filter(({ node }) => node.type === "directory").reverse()) {
    const [path] = unit.paths as [ByteString];
    if (covered.has(path)) continue;
    put(unit);
    coverParents(path, covered);
  }
  const parts = [...groups.values()]
    .sort((a, b) => compareGroups(a.group, b.group))
    .flatMap((each) => cutParts({ ...each, removed: [] }, layerBytes));
  if (differences.length > 0 || removed.length > 0) {
    parts.push(...cutParts({ group: DIFFERENCES, units: differences, removed }, layerBytes));
  }
  return parts;
}

function coverParents(path: ByteString, covered: Set<ByteString>): void {
  for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
    const parent = path.slice(0, slash) as ByteString;
    if (covered.has(parent)) return;
    covered.add(parent);
  }
}

function compareGroups(a: LayerGroup, b: LayerGroup): number {
  const shared = Number(a.kind === "shared") - Number(b.kind === "shared");
  if (shared !== 0) return shared;
  if (a.kind === "shared" && b.kind === "shared") return a.number - b.number;
  return formatGroup(a) < formatGroup(b) ? -1 : 1;
}

/** Cuts a layer before each file with which it would be larger than allowed. What it removes is in the last part. */
function cutParts({ group, units, removed }: LayerParts, layerBytes: number): LayerParts[] {
  const parts: FileUnit[][] = [[]];
  let bytes = 0;
  for (const unit of units) {
    const more = unitBytes(unit);
    if (bytes > 0 && bytes + more > layerBytes) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(unit);
    bytes += more;
  }
  return parts.map((each, at) => ({
    group,
    units: each,
    removed: at === parts.length - 1 ? removed : [],
  }));
}
