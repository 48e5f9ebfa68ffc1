// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import type { ByteString } from "../../bytes/byte-string.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { applyMetadata } from "../../disk/inode/apply-metadata.ts";
import { makeSpecialFiles, type SpecialFile } from "../../disk/inode/special-files.ts";
import type { XattrBatch } from "../../disk/xattrs/xattr-batch.ts";
import type { MetadataPolicy } from "../../disk/metadata-policy.ts";
import type { NeededInodes } from "./needed-inodes.ts";
import { stagedName, type Staging } from "./staging.ts";
import { unwritableAt } from "./unwritable-at.ts";

/** The input of {@link stageInodes}. */
export interface StageInodesOptions {
  readonly staging: Staging;
  readonly policy: MetadataPolicy;
  readonly batch: XattrBatch;
  /** Names the directory in messages. */
  readonly directory: string;
}

/**
 * Makes the inodes that need no content: symbolic links, fifos and devices, named by their numbers and with
 * their metadata.
 * @throws OciError `unwritable`
 */
export function stageInodes(
  tree: ImageFilesystem,
  needed: NeededInodes["special"],
  options: StageInodesOptions,
): void {
  const { staging, policy, batch, directory } = options;
  const special: SpecialFile[] = [];
  for (const [path, node] of needed) {
    const name = stagedName(tree.location(node)!);
    if (node.type !== "symlink") {
      special.push({ name, node });
      continue;
    }
    try {
      const place = `${staging.base}/${name}`;
      fs.symlinkSync(targetOf(node.linkTarget), place);
      applyMetadata({ path: place }, node, policy, batch);
    } catch (error) {
      throw unwritableAt(directory, path, error);
    }
  }
  if (special.length === 0) return;
  makeSpecialFiles(staging.fd, special, policy);
  for (const { name, node } of special) {
    applyMetadata({ path: `${staging.base}/${name}` }, node, policy, batch);
  }
}

function targetOf(target: ByteString): Buffer {
  return Buffer.from(target, "latin1");
}
