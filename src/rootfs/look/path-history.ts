// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import type { Image } from "../../image/image.ts";
import { OciError } from "../../oci/errors.ts";
import { compareNodes, type FieldDifference } from "../compare/compare-nodes.ts";
import { nameImage } from "../contents/open-layer-tar.ts";
import { viewTree } from "../image-filesystem.ts";
import type { LayerIndex } from "../layer-index/layer-index.ts";
import { mergeLayers, type MergeOptions } from "../merge/merge-layers.ts";
import { resolvePath } from "../resolve-path.ts";
import type { Node } from "../root-filesystem.ts";

/** What one layer did to a path. */
export interface PathChange {
  /** From 0, the lowest. */
  readonly layer: number;
  /** `rewritten`: the layer has it again, with nothing different. */
  readonly change: "added" | "changed" | "rewritten" | "removed";
  /** What is there with this layer; undefined when it is removed. */
  readonly node: Node | undefined;
  /** For `changed`: what differs from before. */
  readonly fields: readonly FieldDifference[];
}

/** What each layer that touched a path did to it, the lowest layer first. */
export interface PathHistory {
  readonly path: ByteString;
  readonly changes: readonly PathChange[];
  /** Whether the path is there in the whole image. */
  readonly exists: boolean;
}

/**
 * Follows one path through the layers of an image: which brought it, changed it, removed it. Links among its
 * parents are followed as they are at each layer; a link at its end is what is asked about.
 * @throws OciError `not-found` when no layer ever had it; what merging throws
 */
export function followPath(
  image: Image,
  indexes: readonly LayerIndex[],
  path: ByteString,
  options: Pick<MergeOptions, "limits"> = {},
): PathHistory {
  const changes: PathChange[] = [];
  let before: Node | undefined;
  let place = path;
  mergeLayers(indexes, {
    limits: options.limits,
    onLayer(layer, tree) {
      const root = viewTree(image, indexes, tree, options);
      const found = resolvePath(root, path, { followLast: false, limits: options.limits });
      const change = changeOf(layer, found.path, before, found.node);
      if (change !== undefined) changes.push(change);
      before = found.node;
      if (found.node !== undefined) place = found.path;
    },
  });
  if (changes.length > 0) return { path: place, changes, exists: before !== undefined };
  throw new OciError(
    "not-found",
    `${nameImage(image)}: ${toText(path)}: expected a path that one of its layers has, got nothing`,
    { details: { path } },
  );
}

function changeOf(
  layer: number,
  path: ByteString,
  before: Node | undefined,
  now: Node | undefined,
): PathChange | undefined {
  if (before === now) return undefined;
  if (now === undefined) return { layer, change: "removed", node: now, fields: [] };
  if (before === undefined) return { layer, change: "added", node: now, fields: [] };
  const { fields } = compareNodes(path, before, now);
  return { layer, change: fields.length > 0 ? "changed" : "rewritten", node: now, fields };
}
