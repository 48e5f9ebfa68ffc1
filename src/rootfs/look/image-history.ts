// SPDX-License-Identifier: MIT
import type { Image } from "../../image/image.ts";
import type { DiffId } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { History } from "../../oci/documents/image-config.ts";
import { RECORD_TYPES, type LayerIndex } from "../layer-index/layer-index.ts";
import { LayerNode } from "../merge/layer-node.ts";
import { mergeLayers, type MergeOptions } from "../merge/merge-layers.ts";
import { walkTree } from "../merge/merged-tree.ts";

/** One step of how an image was made: a layer, or a step that only changed the configuration. */
export interface ImageStep {
  /** Undefined for a step without a layer. */
  readonly layer: LayerFacts | undefined;
  /** What the image's configuration records of it; undefined where it records nothing. */
  readonly history: History | undefined;
}

/** What a layer holds, and how much of that nobody sees. */
export interface LayerFacts {
  /** From 0, the lowest. */
  readonly number: number;
  readonly descriptor: Descriptor;
  readonly diffId: DiffId;
  /** Entries without whiteouts. */
  readonly entries: number;
  /** Whiteouts and opaque directories. */
  readonly removals: number;
  /** Bytes of content of all its files. */
  readonly bytes: number;
  /** Bytes of content that the whole image does not show: a higher layer, or a later entry of this one, hides them. */
  readonly wasted: number;
}

/**
 * How an image was made, the first step first. Steps without a layer are in between, where the configuration
 * tells of as many layers as there are; otherwise what it tells is left out.
 * @throws OciError what merging throws
 */
export function listSteps(
  image: Image,
  indexes: readonly LayerIndex[],
  options: Pick<MergeOptions, "limits"> = {},
): readonly ImageStep[] {
  const layers = measureLayers(image, indexes, options);
  const { history = [] } = image.config.value;
  const told = history.filter(({ empty_layer }) => empty_layer !== true);
  if (told.length !== layers.length) {
    return layers.map((layer) => ({ layer, history: undefined }));
  }
  let next = 0;
  return history.map((step) => ({
    layer: step.empty_layer === true ? undefined : layers[next++],
    history: step,
  }));
}

function measureLayers(
  image: Image,
  indexes: readonly LayerIndex[],
  options: Pick<MergeOptions, "limits">,
): LayerFacts[] {
  const seen = sumSeen(indexes, options);
  const { layers } = image.manifest.value;
  return indexes.map((index, number) => {
    const bytes = index.columns.size.reduce((sum, size) => sum + size, 0);
    return {
      number,
      descriptor: layers[number]!,
      diffId: image.config.value.rootfs.diff_ids[number]!,
      entries: index.counts.records,
      removals: index.counts.removals,
      bytes,
      wasted: bytes - seen[number]!,
    };
  });
}

const FILE = RECORD_TYPES.indexOf("file");

/** For each layer the bytes of its files that are in the merged tree, each file once whatever its names. */
function sumSeen(
  indexes: readonly LayerIndex[],
  options: Pick<MergeOptions, "limits">,
): readonly number[] {
  const sums = indexes.map(() => 0);
  const counted = indexes.map(({ counts }) => new Uint8Array(counts.records));
  for (const [, node] of walkTree(mergeLayers(indexes, options))) {
    if (!(node instanceof LayerNode)) continue;
    const { layer, record } = node;
    if (layer.index.columns.type[record] !== FILE || counted[layer.number]![record] === 1) continue;
    counted[layer.number]![record] = 1;
    sums[layer.number]! += layer.index.columns.size[record]!;
  }
  return sums;
}
