// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import type { ByteString } from "../../bytes/byte-string.ts";
import { createHasher } from "../../bytes/hash.ts";
import { digestOf, type Digest } from "../../oci/digest.ts";
import { isOciError } from "../../oci/errors.ts";
import { compareTrees, type Comparison } from "../../rootfs/compare-trees.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { openDirectory } from "../directory.ts";
import type { IdRange, Placement } from "../placement.ts";
import { openUnpacked } from "../sidecar/open-unpacked.ts";
import type { UnpackRecord } from "../sidecar/unpack-record.ts";
import type { Destination } from "./destination.ts";
import { below, openDescriptorCursor, type DirectoryCursor } from "./directory-cursor.ts";
import { parentOf } from "./unpack-plan.ts";

const BUFFER = 1024 * 1024;

/**
 * Compares what an earlier unpack left in a directory with the tree that is to be there. Where that
 * unpack was finished, by the same user and with the same wishes, its record says what the disk does not
 * show, and which contents are known without reading them. Otherwise nothing is trusted: what the disk
 * shows counts, and contents are read.
 * @throws OciError `unreadable`
 */
export function comparePresent(
  expected: RootFilesystem,
  destination: Destination,
  placement: Placement,
): Comparison {
  const { directory } = destination;
  const fd = fs.openSync(directory, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  const cursor = openDescriptorCursor(fd, directory);
  const present = openPresent(destination, placement);
  try {
    return compareTrees(expected, present, {
      sameContent: (path, node) => hasContent(cursor, path, node),
    });
  } finally {
    present.close();
    cursor.close();
    fs.closeSync(fd);
  }
}

function openPresent(
  { directory, sidecar, record }: Destination,
  placement: Placement,
): RootFilesystem & { close(): void } {
  if (record !== undefined && isTrusted(record, placement)) {
    try {
      return openUnpacked(directory, { sidecar });
    } catch (error) {
      if (!isOciError(error, "invalid-sidecar")) throw error;
    }
  }
  return openDirectory(directory);
}

/** Whether what an earlier unpack could not set would not be set by this one either. */
export function isTrusted(record: UnpackRecord, placement: Placement): boolean {
  const { uid, gid } = currentUser();
  return (
    record.state === "complete" &&
    record.user.uid === uid &&
    record.user.gid === gid &&
    record.sameOwner === placement.sameOwner &&
    record.rootlessXattr === placement.rootlessXattr &&
    isSameMap(record.uidMap, placement.uidMap) &&
    isSameMap(record.gidMap, placement.gidMap)
  );
}

/** Who unpacks. Where users have no numbers: 0. */
export function currentUser(): { readonly uid: number; readonly gid: number } {
  return { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
}

function isSameMap(a: readonly IdRange[], b: readonly IdRange[]): boolean {
  const text = (map: readonly IdRange[]): string =>
    map.map(({ image, disk, size }) => `${image}:${disk}:${size}`).join();
  return text(a) === text(b);
}

/** Whether a file has this content; undefined when it can't be read, which its owner may not be allowed to. */
function hasContent(
  cursor: DirectoryCursor,
  path: ByteString,
  { contentDigest }: Node,
): boolean | undefined {
  if (contentDigest === undefined) return undefined;
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const name = path.slice(path.lastIndexOf("/") + 1) as ByteString;
  let fd: number;
  try {
    fd = fs.openSync(
      below(cursor.moveTo(parentOf(path)), name),
      O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
    );
  } catch {
    return undefined;
  }
  try {
    return fs.fstatSync(fd).isFile() && digestOfFile(fd) === contentDigest;
  } finally {
    fs.closeSync(fd);
  }
}

function digestOfFile(fd: number): Digest {
  const hasher = createHasher("sha256");
  const buffer = new Uint8Array(BUFFER);
  for (let read = fs.readSync(fd, buffer); read > 0; read = fs.readSync(fd, buffer)) {
    hasher.update(buffer.subarray(0, read));
  }
  return digestOf("sha256", hasher.hex());
}
