// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";
import { OciError } from "../oci/errors.ts";
import { checkIdMap, type IdRange } from "./inode/id-map.ts";
import type { XattrWriteCalls } from "./xattrs/xattr-calls.ts";
import { loadXattrCalls } from "./xattrs/xattr-calls.ts";

export type { IdRange } from "./inode/id-map.ts";

/**
 * How the nodes of an image are put on a disk: what the caller asked for, and what this disk and this user
 * turned out to be unable to set.
 */
export interface MetadataPolicy {
  /** Whether to set owners on the disk. Owners that are not set are kept in the sidecar. */
  readonly sameOwner: boolean;
  /** Empty when numbers are the same in the image and on the disk. */
  readonly uidMap: readonly IdRange[];
  readonly gidMap: readonly IdRange[];
  /** Whether to keep owners that are not set also in the attribute `user.rootlesscontainers`. */
  readonly rootlessXattr: boolean;
  /** Loads the calls that set extended attributes; undefined where there are none, and slower commands are used. */
  readonly loadXattrs: () => XattrWriteCalls | undefined;
  readonly refusals: Refusals;
}

/**
 * What could not be set, each with a reason for people. Filled while nodes are made. Only what is listed
 * here may differ between the image and the disk; the sidecar then keeps it.
 */
export interface Refusals {
  /** Owners could not be set, at least on one inode. Where the owner is not set, setuid and setgid are not either. */
  owner: string | undefined;
  /** Types that cannot be made; an empty file is in the place of each such node. */
  readonly special: Map<"character" | "block" | "fifo", string>;
  /** Extended attributes, by name, that the disk or the system refused, at least on one inode. */
  readonly xattrs: Map<ByteString, string>;
}

/** Options of {@link createMetadataPolicy}. */
export interface MetadataPolicyOptions {
  /** Whether to set owners. Default: true for root, unless `rootlessXattr` is set. */
  readonly sameOwner?: boolean | undefined;
  readonly uidMap?: readonly IdRange[] | undefined;
  readonly gidMap?: readonly IdRange[] | undefined;
  /** Keeps owners in `user.rootlesscontainers`, and does not set them. */
  readonly rootlessXattr?: boolean | undefined;
  /** Default: the optional package `@napi-rs/xattr`. */
  readonly loadXattrs?: (() => XattrWriteCalls | undefined) | undefined;
}

/**
 * A policy for this user. Its refusals start with what no ordinary user can set, and are otherwise empty.
 * @throws OciError `invalid-argument` for an invalid map, or when owners are both to be set and not to be set
 */
export function createMetadataPolicy(options: MetadataPolicyOptions = {}): MetadataPolicy {
  const { uidMap = [], gidMap = [], rootlessXattr = false, loadXattrs = loadAddon } = options;
  checkIdMap(uidMap);
  checkIdMap(gidMap);
  if (rootlessXattr && options.sameOwner === true) {
    throw new OciError(
      "invalid-argument",
      "owners: expected them set or kept in user.rootlesscontainers, got asked for both",
    );
  }
  const isRoot = process.geteuid?.() === 0;
  const sameOwner = options.sameOwner ?? (isRoot && !rootlessXattr);
  const refusals: Refusals = {
    owner: sameOwner ? undefined : isRoot ? "it was not asked for" : "only root can",
    special: new Map(),
    xattrs: new Map(),
  };
  return { sameOwner, uidMap, gidMap, rootlessXattr, loadXattrs, refusals };
}

function loadAddon(): XattrWriteCalls | undefined {
  try {
    return loadXattrCalls() as XattrWriteCalls;
  } catch {
    return undefined;
  }
}
