// SPDX-License-Identifier: MIT
import type { Node } from "../../rootfs/root-filesystem.ts";
import { shortDigest } from "../../oci/digest.ts";
import { treeAt } from "./path-pattern.ts";
import type { SizePolicy } from "./policy.ts";
import type { BeginCheck } from "./policy-check.ts";

/** Compares the image and each layer, as they are transferred, and trees by their contents, with their budgets. */
export const beginSize: BeginCheck<SizePolicy> = (policy, { root, image }, reporter) => {
  const trees = (policy.trees ?? []).map(({ path, most }) => ({
    ...{ most, tree: treeAt(root, path), bytes: 0 },
    seen: new Set<Node>(),
  }));
  const layers = image?.manifest.value.layers ?? [];
  return {
    visit(path, node) {
      if (node.type !== "file") return;
      for (const one of trees) {
        if (!one.tree.holds(path) || one.seen.has(node)) continue;
        if (node.linkCount !== 1) one.seen.add(node);
        one.bytes += node.size;
      }
    },
    finish() {
      const total = layers.reduce((sum, { size }) => sum + size, 0);
      if (policy.image !== undefined && total > policy.image) {
        reporter.tellOf(
          "size-exceeded",
          "image",
          `image: ${tell(policy.image, total)} in its layers`,
        );
      }
      for (const [at, { size, digest }] of layers.entries()) {
        if (policy.layer === undefined || size <= policy.layer) continue;
        const message = `layer ${at + 1} (${shortDigest(digest)}): ${tell(policy.layer, size)}`;
        reporter.tellOf("size-exceeded", digest, message, { number: at, digest });
      }
      for (const { tree, most, bytes } of trees) {
        if (!tree.isThere)
          reporter.tell("tree-missing", tree.path, "expected a tree there, got nothing");
        else if (bytes > most)
          reporter.tell("size-exceeded", tree.path, `${tell(most, bytes)} in its files`);
      }
    },
  };
};

function tell(most: number, got: number): string {
  return `expected at most ${most} bytes, got ${got}`;
}
