// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Digest } from "../../oci/digest.ts";
import { compareNodes, type FieldDifference } from "../../rootfs/compare/compare-nodes.ts";
import {
  createFindings,
  createNameComparer,
  type Difference,
} from "../../rootfs/compare/compare-trees.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import type { PathPair } from "../../rootfs/walk-filesystem.ts";
import type { DirectoryFilesystem } from "../directory.ts";
import type { DiskNode, InodeStamp } from "../disk-node.ts";
import { ROOTLESS_OWNER } from "../xattrs/rootless-owner.ts";
import type { MetadataPolicy } from "../metadata-policy.ts";
import { createContentCheck, haveEqualSize } from "./content-check.ts";
import type { SidecarDraft } from "../sidecar/draft-sidecar.ts";
import { isExplained, type Maker } from "./explain-difference.ts";
import type { HeldField, KeptFields } from "../sidecar/proven-inodes.ts";
import type { HeldCounts } from "../sidecar/unpack-record.ts";

/** What to read back, and what to compare it with. */
export interface ReadingInput {
  readonly tree: RootFilesystem;
  readonly disk: DirectoryFilesystem;
  readonly policy: MetadataPolicy;
  readonly maker: Maker;
  readonly draft: SidecarDraft;
  readonly verifyContent: boolean;
}

/** How far the reading is. */
export interface ReadingCounts {
  /** How many paths both sides have. */
  readonly both: number;
  readonly contents: number;
  readonly contentBytes: number;
  readonly held: HeldCounts;
}

/** A directory while it is read back. */
export interface Reading {
  counts(): ReadingCounts;
  readonly add: (pair: PathPair<Node, DiskNode>) => void;
  readonly pause: () => Promise<void> | undefined;
  /** Waits for the contents and returns all differences. Call it once. @throws OciError `unreadable`, `aborted` */
  finish(options: AbortOptions): Promise<Difference[]>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Compares path by path, drafts the sidecar, and counts. Give it pairs in the order of the paths. */
export function createReading(input: ReadingInput): Reading {
  const { disk, draft, policy, maker } = input;
  const found = createFindings();
  const names = createNameComparer();
  const content = input.verifyContent
    ? createContentCheck(input.tree, disk, found, { knownDigest })
    : undefined;
  const held = { owner: 0, type: 0, mode: 0, time: 0, xattrs: 0 };
  let both = 0;
  return {
    counts: () => ({
      both,
      contents: content?.contents ?? 0,
      contentBytes: content?.contentBytes ?? 0,
      held,
    }),
    add([path, node, there]) {
      if (node === undefined || there === undefined) {
        found.addWhole(path, node === undefined ? "unexpected" : "missing");
        return;
      }
      both += 1;
      const { fields } = compareNodes(path, node, there, METADATA);
      for (const field of fields) {
        if (!isExplained(field, node, there, policy, maker)) found.add(path, field);
      }
      if (haveEqualSize(node, there)) content?.add(path, node, there);
      names.add(path, node, there);
      const kept = whatIsHeld(fields, node, there);
      for (const field of kept.held) held[field] += 1;
      if (kept.heldXattrs.size > 0) held.xattrs += 1;
      draft.add(path, node, stampAfterReading(path, disk, there), kept);
    },
    pause: () => content?.pause(),
    async finish(options) {
      await content?.finish(options);
      found.addNames(names);
      return found.differences();
    },
    close: async () => content?.close(),
  };
}

/** The digest of a node on disk; undefined unless its content was read just now. */
function knownDigest(node: Node): Digest | undefined {
  return node.contentDigest;
}

// Contents are compared in the background.
const METADATA = { ignore: ["content"] } as const;

const NOTHING: KeptFields = { held: [], heldXattrs: new Map() };

/** Which fields the sidecar has to keep. Differences that nothing explains are included too, but such a sidecar is never published. */
function whatIsHeld(fields: readonly FieldDifference[], node: Node, disk: DiskNode): KeptFields {
  // An attribute of the image itself may look like the record of an owner that was not set.
  if (fields.length === 0 && !node.xattrs.has(ROOTLESS_OWNER)) return NOTHING;
  const held = fields.filter(({ xattr }) => xattr === undefined).map(({ field }) => field);
  const names = fields.map(({ xattr }) => xattr).filter((name) => name !== undefined);
  const heldXattrs = new Map<ByteString, ByteString | undefined>();
  for (const name of [...names, ROOTLESS_OWNER]) {
    if (node.xattrs.has(name)) heldXattrs.set(name, disk.xattrs.get(name));
  }
  return { held: held as HeldField[], heldXattrs };
}

/** The inode's stamp, taken anew for a file that had to be made readable, since that changed its time of change. */
function stampAfterReading(
  path: ByteString,
  disk: DirectoryFilesystem,
  node: DiskNode,
): InodeStamp {
  const wasWidened = (node.mode & 0o400) === 0 && process.getuid?.() !== 0;
  const now = wasWidened ? disk.inode(path) : undefined;
  return now === undefined ? node.stamp : { ...node.stamp, ctimeNs: now.ctimeNs };
}
