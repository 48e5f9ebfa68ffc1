// SPDX-License-Identifier: MIT
import { chooseFor } from "../../bytes/level/compression-choice.ts";
import { formatGroup, groupName, type LayerGroup } from "../../layering/groups/layer-group.ts";
import type { KeptLayer } from "../../layering/plan/plan-layers.ts";
import type { NewLayer } from "../../layering/plan/new-layer.ts";
import { writeLayers } from "../../layering/write/write-layers.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { AssembledLayer, AssembleOptions } from "../assemble-options.ts";
import type { TakenLayer } from "../take-layer.ts";
import type { SplitLayers } from "./plan-split.ts";

/** The layers of the previous image that a split layer keeps. */
export function keptBy(name: string, { plan, previous }: SplitLayers): readonly TakenLayer[] {
  return plan.kept.map((layer) => ({
    store: previous!.image.store,
    taken: {
      ...measureKept(layer),
      descriptor: note(layer.descriptor, name, layer.group),
      diffId: layer.diffId,
    },
  }));
}

/** Writes the layers of a split layer that no image has yet. */
export async function writeSplit(
  name: string,
  { root, plan }: SplitLayers,
  { target, compression = "gzip", level, signal, onProgress }: AssembleOptions,
): Promise<readonly AssembledLayer[]> {
  if (plan.added.length === 0) return [];
  const choice = await chooseFor({ compression, level });
  const stored = await writeLayers(root, plan.added, target, { ...choice, signal });
  return plan.added.map((layer, at) => {
    const { descriptor, diffId } = stored[at]!;
    onProgress?.({ kind: "written", layer: name, descriptor });
    return {
      ...{ name, ...measureNew(layer), diffId, action: "new", reused: false },
      descriptor: note(descriptor, name, layer.group),
    };
  });
}

function note({ annotations, ...rest }: Descriptor, name: string, group: LayerGroup): Descriptor {
  const { layerGroup, splitLayer } = AnnotationKey;
  const own = { [layerGroup]: formatGroup(group), [splitLayer]: name };
  return { ...rest, annotations: { ...annotations, ...own } };
}

function measureKept({
  group,
  index,
  bytes,
  used,
}: KeptLayer): Pick<AssembledLayer, "entries" | "bytes" | "group" | "deadBytes"> {
  return {
    entries: index.counts.records,
    bytes: index.columns.size.reduce((sum, size) => sum + size, 0),
    group: groupName(group),
    deadBytes: Math.max(0, bytes - used),
  };
}

function measureNew({
  group,
  head,
  files,
  components,
  removed,
}: NewLayer): Pick<AssembledLayer, "entries" | "bytes" | "group" | "components" | "removed"> {
  return {
    entries: head.length + files.reduce((sum, { paths }) => sum + paths.length, 0),
    bytes: files.reduce((sum, { node }) => sum + node.size, 0),
    ...{ group: groupName(group), components, removed: removed.length },
  };
}
