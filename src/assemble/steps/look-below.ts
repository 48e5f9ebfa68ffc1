// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { ancestorsOf } from "../recipe/recipe-path.ts";
import type { LayerPlan } from "./layer-draft.ts";

/** What the image has below a layer: the base with the earlier layers on it. */
export type LookBelow = (path: ByteString) => Node | undefined;

/** What the base has with some planned layers on top; nothing where one of them removes something on the way. */
export function lookBelow(base: RootFilesystem, plans: readonly LayerPlan[]): LookBelow {
  return (path) => {
    for (const { entries, removed } of plans.toReversed()) {
      const entry = entries.get(path);
      if (entry !== undefined) return entry.node;
      if (removed.size > 0 && [path, ...ancestorsOf(path)].some((each) => removed.has(each))) {
        return undefined;
      }
    }
    return base.lstat(path);
  };
}
