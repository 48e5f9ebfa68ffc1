// SPDX-License-Identifier: MIT
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { firstWant } from "../../rootfs/contents/content-plan.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { writing } from "../../files/system-error.ts";
import { removeTree } from "../../files/remove-tree.ts";
import { LAYERS } from "../exact/layer-record.ts";
import type { LayerRecorder } from "../exact/layer-recorder.ts";
import { planPaths } from "../staging/needed-inodes.ts";
import { stagedName, type Staging } from "../staging/staging.ts";

/**
 * Finishes the records of layers' exact bytes, by the layers' numbers in the tree. Contents that are at no
 * path of the tree are moved from the staging directory into the record.
 * @throws OciError `unwritable`
 */
export function finishRecords(
  recorders: ReadonlyMap<number, LayerRecorder>,
  tree: ImageFilesystem,
  staging: Staging,
): void {
  const paths = planPaths(tree);
  for (const [layer, recorder] of recorders) {
    recorder.finish((entry) => {
      const path = firstWant(paths, { layer, entry });
      return path === undefined
        ? { staged: `${staging.base}/${stagedName({ layer, entry })}` }
        : { path };
    });
  }
}

/**
 * Removes the exact-byte records of an earlier unpack, except those of the given layers.
 * @throws OciError `unwritable`
 */
export async function dropRecords(sidecar: string, kept: readonly number[]): Promise<void> {
  const layers = join(sidecar, LAYERS);
  if (!existsSync(layers)) return;
  if (kept.length === 0) {
    await removeTree(layers);
    return;
  }
  for (const name of writing(layers, () => readdirSync(layers))) {
    if (/^\d+$/.test(name) && !kept.includes(Number(name))) await removeTree(join(layers, name));
  }
}
