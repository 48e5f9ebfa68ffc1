// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";
import { OciError } from "../oci/errors.ts";
import { checkIdMap, type IdRange } from "./inode/id-map.ts";
import type { XattrWriteCalls } from "./xattrs/xattr-calls.ts";
import { loadXattrCalls } from "./xattrs/xattr-calls.ts";

export type { IdRange } from "./inode/id-map.ts";

/**
 * How the nodes of an image are put on a disk: what was asked for, and what this disk and this user
 * turned out not to take.
 */
export interface MetadataPolicy {
  /** Whether owners are set for real. What is not set is kept in the sidecar. */
  readonly sameOwner: boolean;
  /** Empty: numbers are the same on both sides. */
  readonly uidMap: readonly IdRange[];
  readonly gidMap: readonly IdRange[];
  /** Whether owners that are not set are also kept in the attribute `user.rootlesscontainers`. */
  readonly rootlessXattr: boolean;
  /** The calls that set extended attributes; undefined where there are none, which takes a slower way. */
  readonly loadXattrs: () => XattrWriteCalls | undefined;
  readonly refusals: Refusals;
}

/**
 * What could not be set, each with a reason for people. Filled while nodes are made; only what stands
 * here may differ between the image and the disk, and is then kept in the sidecar.
 */
export interface Refusals {
  /** Owners can't be set, at least on one inode. Where they are not, setuid and setgid are not set either. */
  owner: string | undefined;
  /** Devices, or fifos, can't be made: an empty file stands in their place. */
  readonly special: Map<"character" | "block" | "fifo", string>;
  /** Extended attributes, by name, that the disk or the system did not take, at least on one inode. */
  readonly xattrs: Map<ByteString, string>;
}

/** What {@link createMetadataPolicy} is asked for. */
export interface MetadataPolicyOptions {
  /** Whether owners are set; by default where the user is root, unless `rootlessXattr` is asked for. */
  readonly sameOwner?: boolean | undefined;
  readonly uidMap?: readonly IdRange[] | undefined;
  readonly gidMap?: readonly IdRange[] | undefined;
  /** Also keeps owners in `user.rootlesscontainers`; then they are not set. */
  readonly rootlessXattr?: boolean | undefined;
  /** Default: the optional package `@napi-rs/xattr`. */
  readonly loadXattrs?: (() => XattrWriteCalls | undefined) | undefined;
}

/**
 * A policy for this user, nothing refused yet but what an ordinary user can't do in any case.
 * @throws OciError `invalid-argument` when a map is not one, and when owners are to be both set and not set
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
