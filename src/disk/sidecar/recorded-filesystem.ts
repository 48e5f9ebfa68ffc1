// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import type { RecordedTree } from "./recorded-tree.ts";

/** The tree that was unpacked, from the sidecar alone: its contents cannot be read. */
export interface RecordedFilesystem
  extends RootFilesystem, Pick<RecordedTree, "entries" | "isPlaced"> {}

/** Shows what a sidecar records as a root filesystem. */
export function viewRecorded(sidecar: string, tree: RecordedTree): RecordedFilesystem {
  const { entries, isPlaced } = tree;
  return {
    name: sidecar,
    entries,
    isPlaced,
    lstat(path) {
      const number = entries.numberOf(path);
      return number === undefined ? undefined : entries.node(number);
    },
    list(path) {
      const number = entries.numberOf(path);
      return number === undefined ? [] : entries.namesIn(number);
    },
    read() {
      throw new OciError("unsupported-operation", `${sidecar}: it holds no contents`);
    },
  };
}
