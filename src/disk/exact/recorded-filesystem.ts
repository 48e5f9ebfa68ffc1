// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import { findItem, sortedNames, TreeDirectory } from "../../rootfs/merged-tree.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { parseTree } from "../sidecar/parse-tree.ts";
import { readLines } from "../sidecar/read-lines.ts";
import { damaged, TREE_FILE } from "../sidecar/sidecar-files.ts";
import type { UnpackRecord } from "../sidecar/unpack-record.ts";

/**
 * What was unpacked, as the sidecar says it: a root filesystem whose files can't be read.
 * @throws OciError `invalid-sidecar` when the record is not complete or damaged; `unreadable`
 */
export function openRecordedFilesystem(sidecar: string, record: UnpackRecord): RootFilesystem {
  const file = record.files?.tree;
  if (file === undefined) throw damaged(sidecar, TREE_FILE, "expected a finished unpack");
  const root = treeOf(parseTree(readLines(sidecar, TREE_FILE, file)), sidecar);
  return {
    name: sidecar,
    lstat(path) {
      const item = findItem(root, path);
      return item instanceof TreeDirectory ? item.node : item;
    },
    list(path) {
      const item = findItem(root, path);
      return item instanceof TreeDirectory ? sortedNames(item) : [];
    },
    read() {
      throw new OciError("unsupported-operation", `${sidecar}: it holds no contents`);
    },
  };
}

/** The tree of entries whose parents come first. */
function treeOf(
  entries: Iterable<readonly [path: ByteString, node: Node]>,
  sidecar: string,
): TreeDirectory {
  let root: TreeDirectory | undefined;
  // Entries come in the order of a walk: the directory is usually that of the entry before.
  let last: { readonly path: string; readonly directory: TreeDirectory } | undefined;
  for (const [path, node] of entries) {
    if (root === undefined) {
      root = new TreeDirectory(node);
      continue;
    }
    const slash = path.lastIndexOf("/");
    const parent = path.slice(0, slash);
    if (last?.path !== parent) {
      const directory = findItem(root, (parent === "" ? "/" : parent) as ByteString);
      if (!(directory instanceof TreeDirectory)) break;
      last = { path: parent, directory };
    }
    const { directory } = last;
    const item = node.type === "directory" ? new TreeDirectory(node, directory) : node;
    directory.children.set(path.slice(slash + 1) as ByteString, item);
  }
  if (root === undefined)
    throw damaged(sidecar, TREE_FILE, "expected a root directory, got nothing");
  return root;
}
