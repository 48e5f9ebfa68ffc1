// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { DescribedFilesystem } from "../../rootfs/look/describe-entries.ts";
import { tracePath, type Resolution } from "../../rootfs/resolve-path.ts";
import type { NodeType } from "../../rootfs/root-filesystem.ts";
import { walkFilesystem } from "../../rootfs/walk-filesystem.ts";
import { tellHops, type ToldHop } from "./told-hops.ts";

/** A link that ends nowhere, or that goes through several others: hop by hop. */
export interface LinkChain {
  readonly path: ByteString;
  readonly hops: readonly ToldHop[];
  /** Whether there are more hops than these. */
  readonly isCut: boolean;
  /** Its end without links; of a broken chain, the path that is not there; of a loop, the link where it begins again. */
  readonly end: ByteString;
  /** What is at the end, or why there is nothing. */
  readonly ends: NodeType | "absent" | "not-a-directory" | "link-loop";
}

/** The links of an image that are worth to be drawn. */
export interface LinkChains {
  /** Broken ones first, then those with the most hops. */
  readonly shown: readonly LinkChain[];
  /** All symbolic links of the image. */
  readonly links: number;
  /** Those that end nowhere, and those of several hops that end somewhere: also those that are not shown. */
  readonly broken: number;
  readonly long: number;
}

/** So many chains are drawn of each kind. */
const MOST_SHOWN = 100;

/** File systems that a container engine makes: links into them are right although an image has nothing there. */
const MADE_AT_START = /^\/(proc|sys|dev|run)(\/|$)/;

/**
 * Follows every symbolic link of a root filesystem. A link into what engines mount at start (`/proc`, `/dev`,
 * `/sys`, `/run`) is not broken.
 * @throws what the root throws
 */
export function followLinks(root: DescribedFilesystem): LinkChains {
  const broken: LinkChain[] = [];
  const long: LinkChain[] = [];
  const counts = { links: 0, broken: 0, long: 0 };
  for (const [path, node] of walkFilesystem(root)) {
    if (node.type !== "symlink") continue;
    counts.links += 1;
    const found = tracePath(root, path);
    const isBroken = found.node === undefined && !MADE_AT_START.test(found.stop?.path ?? "");
    if (!isBroken && (found.node === undefined || found.hops.length < 2)) continue;
    counts[isBroken ? "broken" : "long"] += 1;
    if (!isBroken) long.push(chainOf(path, found));
    else if (broken.length < MOST_SHOWN) broken.push(chainOf(path, found));
    // Sorted now and then, so that memory does not grow with the links of an image.
    if (long.length >= 2 * MOST_SHOWN) keepLongest(long);
  }
  keepLongest(long);
  return { shown: [...broken, ...long], ...counts };
}

function keepLongest(chains: LinkChain[]): void {
  chains.sort((one, other) => other.hops.length - one.hops.length);
  chains.length = Math.min(chains.length, MOST_SHOWN);
}

function chainOf(path: ByteString, found: Resolution): LinkChain {
  const { hops, again, isCut } = tellHops(found);
  const ends = found.node?.type ?? found.stop?.why ?? "absent";
  return { path, hops, isCut, end: again ?? found.path, ends };
}
