// SPDX-License-Identifier: MIT
import { renameSync } from "node:fs";
import { dirname } from "node:path";
import { makeDirectories } from "../../../files/make-directories.ts";
import { removeTree } from "../../../files/remove-tree.ts";
import { syncDirectory } from "../../../files/sync/sync-directory.ts";
import { writing } from "../../../files/system-error.ts";

/**
 * Moves a layout to where it is kept, in place of the one that is there. Between the two there is a moment with none;
 * the new one is whole in its old place until then, where the next run finds it.
 * @throws OciError `unwritable`
 */
export async function keepLayout(from: string, to: string): Promise<void> {
  writing(to, () => makeDirectories(dirname(to)));
  await removeTree(to);
  writing(to, () => {
    renameSync(from, to);
    syncDirectory(dirname(to));
  });
}
