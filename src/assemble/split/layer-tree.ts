// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { nameOf, parentOf } from "../../layer/path-parts.ts";
import { OciError } from "../../oci/errors.ts";
import type { ContentLocation } from "../../rootfs/contents/content-plan.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import { walkFilesystem } from "../../rootfs/walk-filesystem.ts";
import { ancestorsOf, quotePath } from "../recipe/recipe-path.ts";
import type { LayerPlan } from "../steps/layer-draft.ts";
import {
  type ArtifactTree,
  type PlannedEntry,
  changeNode,
  sameMetadata,
} from "../steps/planned-entry.ts";

/** What a layer of the recipe holds, as a tree whose contents are those of an artifact. */
export interface LayerTree {
  readonly root: ImageFilesystem;
  /** The path in the artifact that a path was copied from; undefined for what was not copied. */
  readonly sourceOf: (path: ByteString) => ByteString | undefined;
}

type Time = Pick<Node, "mtime" | "mtimeNanoseconds">;

/**
 * The tree of a planned layer: what it holds, and the directories above that as they are in the image.
 * @param time of what the recipe makes
 * @throws OciError `invalid-recipe` for a layer that can't be split: see `splitArtifact`, and for a file that is copied
 * to two places
 */
export function treeOfPlan(plan: LayerPlan, artifact: ArtifactTree, time: Time): LayerTree {
  const nodes = nodesOf(plan, time);
  const children = childrenOf(nodes.keys());
  const locations = locate(plan, nodes, artifact);
  const { image } = artifact;
  const root: ImageFilesystem = {
    ...image!,
    name: `layer ${plan.name}`,
    lstat: (path) => nodes.get(path),
    list: (path) => children.get(path) ?? [],
    location: (node) => locations.get(node),
    *paths() {
      // What the root is, the base says.
      for (const [path, node] of walkFilesystem(root)) if (path !== "/") yield [path, node];
    },
  };
  return { root, sourceOf: (path) => plan.entries.get(path)?.copied?.path };
}

/** The nodes by path: a file that was copied with several of its names is one node. */
function nodesOf(plan: LayerPlan, time: Time): ReadonlyMap<ByteString, Node> {
  const nodes = new Map<ByteString, Node>();
  const linked = new Map<Node, Node>();
  const add = (path: ByteString, { node, copied }: PlannedEntry): void => {
    if (copied === undefined) {
      nodes.set(path, changeNode(node, time));
      return;
    }
    const known = linked.get(copied.node);
    const own = known !== undefined && sameMetadata(known, node) ? known : node;
    linked.set(copied.node, own);
    nodes.set(path, own);
  };
  for (const [path, entry] of plan.entries) {
    add(path, entry);
    for (const above of ancestorsOf(path).reverse()) {
      if (nodes.has(above)) break;
      const entryAbove = plan.entries.get(above);
      if (entryAbove === undefined) nodes.set(above, plan.lookup(above)!);
      else add(above, entryAbove);
    }
  }
  return nodes.set("/" as ByteString, plan.lookup("/" as ByteString)!);
}

function childrenOf(paths: Iterable<ByteString>): ReadonlyMap<ByteString, ByteString[]> {
  const children = new Map<ByteString, ByteString[]>();
  for (const path of paths) {
    if (path === "/") continue;
    const parent = parentOf(path);
    const known = children.get(parent);
    if (known === undefined) children.set(parent, [nameOf(path)]);
    else known.push(nameOf(path));
  }
  for (const names of children.values()) names.sort();
  return children;
}

function locate(
  plan: LayerPlan,
  nodes: ReadonlyMap<ByteString, Node>,
  { image }: ArtifactTree,
): ReadonlyMap<Node, ContentLocation> {
  const locations = new Map<Node, ContentLocation>();
  /** The node and the path in the artifact of each file with content. */
  const sources = new Map<Node, { readonly node: Node; readonly paths: Set<ByteString> }>();
  for (const [path, { copied }] of plan.entries) {
    if (copied === undefined) continue;
    const node = nodes.get(path)!;
    const place = image!.location(copied.node);
    if (place !== undefined) locations.set(node, place);
    if (node.type !== "file" || node.size === 0) continue;
    const known = sources.get(copied.node);
    if (known !== undefined && (known.node !== node || known.paths.has(copied.path))) {
      throw cannotSplit(plan.name, `each file to be copied once, got ${quotePath(path)}`);
    }
    sources.set(copied.node, { node, paths: (known?.paths ?? new Set()).add(copied.path) });
  }
  return locations;
}

/**
 * The artifact image that everything with content in a layer is copied from.
 * @throws OciError `invalid-recipe` for a layer that can't be split: that takes from several, or a plain directory, or
 * that removes something, or writes files
 */
export function splitArtifact(plan: LayerPlan): ArtifactTree {
  const { name, removed, entries } = plan;
  if (removed.size > 0) throw cannotSplit(name, "no remove step");
  let artifact: ArtifactTree | undefined;
  for (const [path, { copied, content }] of entries) {
    if (content !== undefined && content.length > 0) {
      throw cannotSplit(name, `nothing but copies and links, got the file ${quotePath(path)}`);
    }
    if (copied === undefined) continue;
    artifact ??= copied.tree;
    if (artifact !== copied.tree) {
      throw cannotSplit(name, `one artifact, got ${artifact.name} and ${copied.tree.name}`);
    }
  }
  if (artifact?.image !== undefined) return artifact;
  throw cannotSplit(name, "something from the image of an artifact");
}

function cannotSplit(layer: string, what: string): OciError {
  return new OciError("invalid-recipe", `layer ${layer}: split: expected ${what}`, {
    details: { layer },
    hint: "Put the rest into a layer of its own, above or below.",
  });
}
