// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import type { LayerPlan } from "../steps/layer-draft.ts";
import type { PlannedEntry } from "../steps/planned-entry.ts";
import { ancestorsOf, quotePath } from "../recipe/recipe-path.ts";

interface Below {
  readonly layer: string;
  /** Undefined if that layer removed the path. */
  readonly entry: PlannedEntry | undefined;
}

/**
 * Checks that layers which were planned independently fit together: a layer must not change the type of
 * what an earlier one made, write through its links, or undo the owner that it gave to a directory. The
 * check changes nothing, so a layer's digest depends on that layer alone.
 * @throws OciError `invalid-recipe` naming both layers and the path
 */
export function checkLayers(plans: readonly LayerPlan[]): void {
  if (plans.length < 2) return;
  const below = new Map<ByteString, Below>();
  for (const plan of plans) {
    const sound = new Set<ByteString>();
    for (const [path, entry] of plan.entries) {
      checkParents(plan, path, below, sound);
      const other = below.get(path);
      if (other?.entry !== undefined && !plan.removed.has(path)) {
        checkReplacement(plan.name, path, entry, other.layer, other.entry);
      }
    }
    for (const path of plan.removed) below.set(path, { layer: plan.name, entry: undefined });
    for (const [path, entry] of plan.entries) {
      if (!keepsWhatIsBelow(entry, below.get(path))) below.set(path, { layer: plan.name, entry });
    }
  }
}

/**
 * Whether an earlier layer's entry stays on record: a parent directory that was made only by implication
 * must not hide it from later checks.
 */
function keepsWhatIsBelow(entry: PlannedEntry, other: Below | undefined): boolean {
  return entry.implied && other?.entry !== undefined;
}

function checkParents(
  plan: LayerPlan,
  path: ByteString,
  below: ReadonlyMap<ByteString, Below>,
  sound: Set<ByteString>,
): void {
  for (const parent of ancestorsOf(path)) {
    if (sound.has(parent)) continue;
    const other = below.get(parent);
    if (other !== undefined && !plan.entries.has(parent) && !isDirectory(other.entry)) {
      const did = other.entry === undefined ? "removes" : `makes a ${other.entry.node.type} of`;
      throw new OciError(
        "invalid-recipe",
        `layer ${plan.name}: ${quotePath(path)}: expected its parents to be directories, but layer ${other.layer} ${did} ${quotePath(parent)}`,
        {
          details: { layer: plan.name, other: other.layer, path, parent },
          hint: "Put both into one layer, or copy to where the link leads.",
        },
      );
    }
    sound.add(parent);
  }
}

function isDirectory(entry: PlannedEntry | undefined): boolean {
  return entry?.node.type === "directory";
}

function checkReplacement(
  layer: string,
  path: ByteString,
  entry: PlannedEntry,
  otherLayer: string,
  other: PlannedEntry,
): void {
  const typeChanges = isDirectory(entry) !== isDirectory(other);
  const undone = entry.implied && !other.implied && !sameOwner(entry.node, other.node);
  const records = /^\/var\/lib\/dpkg\/alternatives\/[^/]+$/.test(path);
  const recordLost = records && entry.content !== undefined && other.content !== undefined;
  if (!typeChanges && !undone && !recordLost) return;
  const got = (node: Node): string =>
    typeChanges
      ? `a ${node.type}`
      : `${node.type} ${node.uid}:${node.gid} ${node.mode.toString(8).padStart(4, "0")}`;
  const what = recordLost
    ? `both write this record of an alternative, and the later would forget the earlier's choice`
    : `expected what layer ${otherLayer} makes, ${got(other.node)}, got ${got(entry.node)}`;
  throw new OciError("invalid-recipe", `layer ${layer}: ${quotePath(path)}: ${what}`, {
    details: { layer, other: otherLayer, path },
    hint: recordLost
      ? `Put the alternative into one of the layers ${otherLayer} and ${layer}.`
      : "Put both into one layer, or add a directory step (or a remove step) for that path.",
  });
}

function sameOwner(a: Node, b: Node): boolean {
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}
