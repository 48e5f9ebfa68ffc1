// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";

/** The extended attribute that keeps an owner that could not be set. */
export const ROOTLESS_OWNER = "user.rootlesscontainers" as ByteString;

const NO_OWNER_BYTE = 0x7f;

/** The value of `user.rootlesscontainers`: a `rootlesscontainers.Resource` of protobuf, fields 1 and 2. */
export function formatRootlessOwner(uid: number, gid: number): ByteString {
  const fields = [
    [1, uid],
    [2, gid],
  ] as const;
  // proto3: a field that is 0 is not written
  const written = fields.filter(([, id]) => id !== 0);
  return written
    .map(([field, id]) => String.fromCharCode(field << 3) + formatVarint(id))
    .join("") as ByteString;
}

function formatVarint(value: number): string {
  let text = "";
  let left = value;
  for (; left > NO_OWNER_BYTE; left = Math.floor(left / 128)) {
    text += String.fromCharCode((left % 128) | 0x80);
  }
  return text + String.fromCharCode(left);
}

/** The owner that such a value names; undefined when it is none. Other fields are passed over. */
export function parseRootlessOwner(value: ByteString): { uid: number; gid: number } | undefined {
  const owner = { uid: 0, gid: 0 };
  let at = 0;
  while (at < value.length) {
    const key = readVarint(value, at);
    const number = key && readVarint(value, key.end);
    if (key === undefined || number === undefined || (key.value & 7) !== 0) return undefined;
    if (number.value > 0xffff_ffff) return undefined;
    if (key.value >> 3 === 1) owner.uid = number.value;
    if (key.value >> 3 === 2) owner.gid = number.value;
    at = number.end;
  }
  return owner;
}

function readVarint(bytes: ByteString, start: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let at = start; at < bytes.length && at < start + 7; at += 1) {
    const byte = bytes.charCodeAt(at);
    value += (byte & 0x7f) * 128 ** (at - start);
    if (byte < 0x80) return { value, end: at + 1 };
  }
  return undefined;
}
