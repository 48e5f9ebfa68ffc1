// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { fromText } from "../../bytes/byte-string.ts";
import { isOciError } from "../../oci/errors.ts";
import { compareNodes } from "../../rootfs/compare/compare-nodes.ts";
import {
  createFindings,
  createNameComparer,
  type Comparison,
} from "../../rootfs/compare/compare-trees.ts";
import { quote } from "../../oci/quote.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import type { PathPair } from "../../rootfs/walk-filesystem.ts";
import { openDirectory, type DirectoryFilesystem } from "../../disk/directory.ts";
import { isEnvironmentLabel } from "../../disk/xattrs/environment-labels.ts";
import type { IdRange, MetadataPolicy } from "../../disk/metadata-policy.ts";
import { withEveryPair } from "../../disk/proof/paced-pairs.ts";
import { openUnpacked } from "../../disk/sidecar/open-unpacked.ts";
import type { UnpackRecord } from "../../disk/sidecar/unpack-record.ts";
import type { Destination } from "./destination.ts";

/**
 * Compares what an earlier unpack left in a directory with the tree that should be there. If that unpack
 * finished, with the same user and options, its record is trusted for what the disk does not show and for
 * contents that then need not be read; what the disk refused then stays refused. Otherwise only the disk
 * counts, and contents are read.
 * @throws OciError `unreadable`
 */
export async function comparePresent(
  expected: RootFilesystem,
  destination: Destination,
  policy: MetadataPolicy,
  options: AbortOptions = {},
): Promise<PresentComparison> {
  const { directory, sidecar, record } = destination;
  if (record !== undefined && isTrusted(record, policy)) {
    try {
      const present = openUnpacked(directory, { sidecar, readAhead: true });
      const compared = await compareWith(expected, present, destination, options);
      repeatRefusals(record, policy);
      return compared;
    } catch (error) {
      if (!isOciError(error, "invalid-sidecar")) throw error;
    }
  }
  const present = openDirectory(directory, { widen: true, hashContents: true });
  return compareWith(expected, present, destination, options);
}

/** The parts of a comparison that a plan needs. */
export type PresentComparison = Pick<Comparison, "differences" | "undecided">;

/** Closes what is present. */
async function compareWith(
  expected: RootFilesystem,
  present: RootFilesystem & Pick<DirectoryFilesystem, "prepare" | "close">,
  { directory }: Destination,
  { signal }: AbortOptions,
): Promise<PresentComparison> {
  const found = createFindings();
  const names = createNameComparer();
  const compare = ([path, one, other]: PathPair): void => {
    if (one === undefined || other === undefined) {
      found.addWhole(path, other === undefined ? "missing" : "unexpected");
      return;
    }
    found.addNodes(path, compareNodes(path, one, other, { ignoreXattr: isEnvironmentLabel }));
    names.add(path, one, other);
  };
  try {
    await withEveryPair(expected, present, compare, {
      what: `looking at ${quote(directory)}`,
      onTurn: () => undefined,
      prepare: (path) => present.prepare(path),
      signal,
    });
  } finally {
    present.close();
  }
  found.addNames(names);
  return { differences: found.differences(), undecided: found.undecided };
}

/** Whether this unpack would be refused the same metadata as the earlier one. */
function isTrusted(record: UnpackRecord, policy: MetadataPolicy): boolean {
  const { uid, gid } = currentUser();
  return (
    record.state === "complete" &&
    record.user.uid === uid &&
    record.user.gid === gid &&
    record.sameOwner === policy.sameOwner &&
    record.rootlessXattr === policy.rootlessXattr &&
    isSameMap(record.uidMap, policy.uidMap) &&
    isSameMap(record.gidMap, policy.gidMap)
  );
}

/** Reports the refusals of the earlier unpack again: what is left in place would be refused again. */
function repeatRefusals({ refusals }: UnpackRecord, policy: MetadataPolicy): void {
  const { special, xattrs } = policy.refusals;
  policy.refusals.owner ??= refusals?.owner;
  for (const [type, why] of Object.entries(refusals?.special ?? {})) {
    if (isSpecialType(type)) special.set(type, why);
  }
  for (const [name, why] of Object.entries(refusals?.xattrs ?? {})) xattrs.set(fromText(name), why);
}

function isSpecialType(type: string): type is "character" | "block" | "fifo" {
  return type === "character" || type === "block" || type === "fifo";
}

/** The user who unpacks; 0 on systems where users have no numbers. */
export function currentUser(): { readonly uid: number; readonly gid: number } {
  return { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
}

function isSameMap(a: readonly IdRange[], b: readonly IdRange[]): boolean {
  const text = (map: readonly IdRange[]): string =>
    map.map(({ image, disk, size }) => `${image}:${disk}:${size}`).join();
  return text(a) === text(b);
}
