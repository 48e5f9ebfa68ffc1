// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import { compareNodes, type FieldDifference } from "../../rootfs/compare-nodes.ts";
import { createFindings, createNameComparer, type Difference } from "../../rootfs/compare-trees.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import type { PathPair } from "../../rootfs/walk-filesystem.ts";
import type { DirectoryFilesystem } from "../directory.ts";
import type { DiskNode, InodeStamp } from "../disk-node.ts";
import { ROOTLESS_OWNER } from "../inode/rootless-owner.ts";
import type { Placement } from "../placement.ts";
import type { SidecarDraft } from "./draft-sidecar.ts";
import { isExplained, type Maker } from "./explain.ts";
import type { HeldField, Placed } from "./placed.ts";
import { compareContent } from "./same-content.ts";
import type { HeldCounts } from "./unpack-record.ts";

/** What is read back, and what it is compared with. */
export interface ReadingInput {
  readonly tree: RootFilesystem;
  readonly disk: DirectoryFilesystem;
  readonly placement: Placement;
  readonly maker: Maker;
  readonly draft: SidecarDraft;
  readonly verifyContent: boolean;
}

/** A directory that is being read back. */
export interface Reading {
  readonly counts: {
    placed: number;
    contents: number;
    contentBytes: number;
    readonly held: Record<keyof HeldCounts, number>;
  };
  readonly add: (pair: PathPair<Node, DiskNode>) => void;
  /** Compares by reading what could not be compared by digest. */
  decide(options: AbortOptions): Promise<void>;
  differences(): Difference[];
}

/** Compares path by path, drafts the sidecar, and counts. Pairs are given in the order of the paths. */
export function createReading(input: ReadingInput): Reading {
  const { tree, disk, draft, verifyContent } = input;
  const ignore = verifyContent ? [] : (["content"] as const);
  const found = createFindings();
  const names = createNameComparer();
  const seen = new Set<DiskNode>();
  const counts = {
    placed: 0,
    contents: 0,
    contentBytes: 0,
    held: { owner: 0, type: 0, mode: 0, time: 0, xattrs: 0 },
  };
  const countContent = (there: DiskNode): void => {
    if (seen.has(there)) return;
    if (there.linkCount > 1) seen.add(there);
    counts.contents += 1;
    counts.contentBytes += there.size;
  };
  return {
    counts,
    add([path, node, there]) {
      if (node === undefined || there === undefined) {
        found.addWhole(path, node === undefined ? "unexpected" : "missing");
        return;
      }
      counts.placed += 1;
      const { fields, undecided } = compareNodes(path, node, there, { ignore });
      if (verifyContent && there.type === "file" && node.type === "file") countContent(there);
      names.add(path, node, there);
      const unexplained = fields.filter(
        (field) => !isExplained(field, node, there, input.placement, input.maker),
      );
      found.addNodes(path, { fields: unexplained, undecided });
      const { held, heldXattrs } = whatIsHeld(fields, node, there);
      for (const field of held) counts.held[field] += 1;
      if (heldXattrs.size > 0) counts.held.xattrs += 1;
      draft.add(path, node, { ...stampAfterReading(path, disk, there), held, heldXattrs });
    },
    async decide(options) {
      for (const path of found.undecided) {
        const field = await compareContent(path, tree, disk, options);
        if (field !== undefined) found.add(path, field);
      }
    },
    differences() {
      found.addNames(names);
      return found.differences();
    },
  };
}

const NOTHING: Pick<Placed, "held" | "heldXattrs"> = { held: [], heldXattrs: new Map() };

/** The fields that differ, as far as they can: what is not explained is never published. */
function whatIsHeld(
  fields: readonly FieldDifference[],
  node: Node,
  disk: DiskNode,
): Pick<Placed, "held" | "heldXattrs"> {
  // An attribute of the image may look like an owner that could not be set.
  if (fields.length === 0 && !node.xattrs.has(ROOTLESS_OWNER)) return NOTHING;
  const held = fields.filter(({ xattr }) => xattr === undefined).map(({ field }) => field);
  const names = fields.map(({ xattr }) => xattr).filter((name) => name !== undefined);
  const heldXattrs = new Map<ByteString, ByteString | undefined>();
  for (const name of [...names, ROOTLESS_OWNER]) {
    if (node.xattrs.has(name)) heldXattrs.set(name, disk.xattrs.get(name));
  }
  return { held: held as HeldField[], heldXattrs };
}

/** A file that had to be made readable has another time of change since it was looked at. */
function stampAfterReading(
  path: ByteString,
  disk: DirectoryFilesystem,
  node: DiskNode,
): InodeStamp {
  const wasWidened = (node.mode & 0o400) === 0 && process.getuid?.() !== 0;
  const now = wasWidened ? disk.inode(path) : undefined;
  return now === undefined ? node.stamp : { ...node.stamp, ctimeNs: now.ctimeNs };
}
