// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { nameOf, parentOf } from "../../layer/path-parts.ts";
import { OciError } from "../../oci/errors.ts";
import { resolvePath } from "../../rootfs/resolve-path.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { type ArtifactTree, type PlannedEntry, makeNode } from "./planned-entry.ts";
import { ancestorsOf, joinPath, quotePath } from "../recipe/recipe-path.ts";

/**
 * A layer while it is being planned. It is worked out from the base, the artifacts' file trees and the
 * steps of this layer alone, so its digest can't depend on other layers. No file content is read.
 */
export interface LayerPlan {
  readonly name: string;
  /** By canonical path: every parent of such a path is a real directory in the base or in this layer. */
  readonly entries: ReadonlyMap<ByteString, PlannedEntry>;
  /** Paths that the layer removes from the layers below. The layer may have put something new there. */
  readonly removed: ReadonlySet<ByteString>;
  /** Looks up a path in the base with this layer on top. A link at the path itself is not followed. */
  lookup(path: ByteString): Node | undefined;
  /**
   * Puts an entry at a path. Links among the parents are followed inside the root, never replaced. Missing
   * parents are created, with the metadata that `tree` has for that path, or else 0755 0:0. A directory put
   * where there is a link to a directory goes to the link's target.
   * @throws OciError `invalid-recipe` if a directory would replace something else, or the reverse
   */
  put(path: ByteString, entry: PlannedEntry, tree?: ArtifactTree): void;
  /** Removes a path with everything below it. False if neither the base nor this layer has it. */
  remove(path: ByteString): boolean;
}

/** Starts the plan of a layer on top of a base. */
export function createLayerPlan(name: string, base: RootFilesystem): LayerPlan {
  const entries = new Map<ByteString, PlannedEntry>();
  const removed = new Set<ByteString>();
  /** Maps parents as the recipe names them to their canonical paths. */
  const parents = new Map<ByteString, ByteString>();

  const isHidden = (path: ByteString): boolean =>
    removed.size > 0 &&
    (removed.has(path) || ancestorsOf(path).some((above) => removed.has(above)));
  const lookup = (path: ByteString): Node | undefined =>
    entries.get(path)?.node ?? (isHidden(path) ? undefined : base.lstat(path));
  const view: RootFilesystem = {
    name: `layer ${name}`,
    lstat: lookup,
    list: (path) => base.list(path),
    read: (path) => base.read(path),
  };

  const canonicalParent = (path: ByteString, tree: ArtifactTree | undefined): ByteString => {
    if (path === "/") return path;
    const known = parents.get(path);
    if (known !== undefined) return known;
    const found = resolvePath(view, path);
    const isDirectory = found.node?.type === "directory";
    if (!isDirectory && found.stop?.why !== "absent") {
      const at = found.stop?.path ?? found.path;
      throw conflict(name, at, "a directory, because a step puts something into it", lookup(at));
    }
    if (!isDirectory) implyParents(found.path, tree);
    parents.set(path, found.path);
    return found.path;
  };
  const implyParents = (path: ByteString, tree: ArtifactTree | undefined): void => {
    for (const directory of [...ancestorsOf(path), path]) {
      if (lookup(directory) !== undefined) continue;
      const like = tree?.root.lstat(directory);
      const copied = like?.type === "directory" && tree && { tree, path: directory, node: like };
      entries.set(directory, {
        node: copied ? copied.node : makeNode({ type: "directory", mode: 0o755 }),
        copied: copied || undefined,
        content: undefined,
        implied: true,
      });
    }
  };

  return {
    name,
    entries,
    removed,
    lookup,
    put(path, entry, tree) {
      checkName(name, path);
      if (path === "/") return;
      const at = joinPath(canonicalParent(parentOf(path), tree), nameOf(path));
      const there = lookup(at);
      const isDirectory = entry.node.type === "directory";
      if (isDirectory && there?.type === "symlink") {
        const found = resolvePath(view, at);
        if (found.node?.type !== "directory") throw conflict(name, at, "a directory", there);
        if (entry.copied === undefined) entries.set(found.path, entry);
        return;
      }
      if (there !== undefined && (there.type === "directory") !== isDirectory) {
        throw conflict(name, at, isDirectory ? "a directory" : "no directory", there);
      }
      entries.set(at, entry);
    },
    remove(path) {
      const parent = resolvePath(view, parentOf(path));
      const at = joinPath(parent.path, nameOf(path));
      const there = lookup(at) !== undefined;
      for (const planned of entries.keys()) {
        if (planned === at || planned.startsWith(`${at}/`)) entries.delete(planned);
      }
      removed.add(at);
      parents.clear();
      return there;
    },
  };
}

function checkName(layer: string, path: ByteString): void {
  if (!nameOf(path).startsWith(".wh.")) return;
  throw new OciError(
    "invalid-recipe",
    `layer ${layer}: ${quotePath(path)}: expected a name that does not start with .wh.: in a layer it would remove a file`,
    { details: { layer, path }, hint: "Exclude it, or use a remove step." },
  );
}

function conflict(
  layer: string,
  path: ByteString,
  expected: string,
  got: Node | undefined,
): OciError {
  const found = got?.type === "symlink" ? "a link that leads to none" : `a ${got?.type ?? "path"}`;
  return new OciError(
    "invalid-recipe",
    `layer ${layer}: ${quotePath(path)}: expected ${expected} there, got ${found}`,
    { details: { layer, path }, hint: "Put a remove step for that path before it." },
  );
}
