// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";

/** The extended attribute that records an owner that could not be set. */
export const ROOTLESS_OWNER = "user.rootlesscontainers" as ByteString;

/** Means "do not change the owner", and so root: what an ordinary user owns on the disk is root's in the container. */
const LEAVE = 0xffff_ffff;

/** The protobuf keys of the fields 1 and 2, both varints. */
const UID_KEY = 0x08;
const GID_KEY = 0x10;

/**
 * The value of `user.rootlesscontainers` for an owner: a protobuf message `rootlesscontainers.Resource`, with
 * the same bytes as from `umoci unpack --rootless` (0.6). As experiments showed, umoci writes a 0 as
 * 0xffffffff, and gives an inode of 0:0 no such attribute at all.
 */
export function formatRootlessOwner(uid: number, gid: number): ByteString {
  return (formatField(UID_KEY, uid) + formatField(GID_KEY, gid)) as ByteString;
}

function formatField(key: number, id: number): string {
  let text = String.fromCharCode(key);
  let left = id === 0 ? LEAVE : id;
  for (; left > 0x7f; left = Math.floor(left / 0x80)) {
    text += String.fromCharCode((left % 0x80) | 0x80);
  }
  return text + String.fromCharCode(left);
}

/**
 * The owner that such a value names, with 0 for a missing field; undefined when the value is malformed.
 * Other fields are ignored if they are numbers.
 */
export function parseRootlessOwner(value: ByteString): { uid: number; gid: number } | undefined {
  const owner = { uid: 0, gid: 0 };
  for (let at = 0; at < value.length;) {
    const key = readVarint(value, at);
    const id = key && readVarint(value, key.end);
    if (id === undefined || key === undefined || key.number % 8 !== 0) return undefined;
    if (key.number === UID_KEY) owner.uid = id.number;
    if (key.number === GID_KEY) owner.gid = id.number;
    at = id.end;
  }
  if (owner.uid > LEAVE || owner.gid > LEAVE) return undefined;
  return { uid: owner.uid % LEAVE, gid: owner.gid % LEAVE };
}

const LONGEST_VARINT = 10;

function readVarint(bytes: ByteString, start: number): { number: number; end: number } | undefined {
  let number = 0;
  for (let at = start; at < bytes.length && at < start + LONGEST_VARINT; at += 1) {
    const byte = bytes.charCodeAt(at);
    number += (byte & 0x7f) * 0x80 ** (at - start);
    if (byte < 0x80) return { number, end: at + 1 };
  }
  return undefined;
}
