// SPDX-License-Identifier: MIT

/** A tar is made of blocks of this many bytes. */
export const BLOCK = 512;

/** How many bytes of padding follow `size` bytes of content. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** The position of a field in a header. */
export interface Field {
  readonly name: string;
  readonly at: number;
  readonly length: number;
}

function field(name: string, at: number, length: number): Field {
  return Object.freeze({ name, at, length });
}

/** The fields of a POSIX ustar header (pax, "ustar Interchange Format"). */
export const USTAR = Object.freeze({
  name: field("name", 0, 100),
  mode: field("mode", 100, 8),
  uid: field("uid", 108, 8),
  gid: field("gid", 116, 8),
  size: field("size", 124, 12),
  mtime: field("mtime", 136, 12),
  checksum: field("checksum", 148, 8),
  typeFlag: field("typeflag", 156, 1),
  linkName: field("linkname", 157, 100),
  magic: field("magic", 257, 8),
  userName: field("uname", 265, 32),
  groupName: field("gname", 297, 32),
  deviceMajor: field("devmajor", 329, 8),
  deviceMinor: field("devminor", 337, 8),
  prefix: field("prefix", 345, 155),
});

/** The fields of GNU tar, in the place of ustar's prefix. */
export const GNU = Object.freeze({
  atime: field("atime", 345, 12),
  ctime: field("ctime", 357, 12),
  sparseExtents: field("sparse extents", 386, 96),
  isExtended: field("isextended", 482, 1),
  realSize: field("realsize", 483, 12),
});

/** The fields of Schily's star in that place: a shorter prefix, and star's mark in the last four bytes. */
export const STAR = Object.freeze({
  prefix: field("prefix", 345, 131),
  atime: field("atime", 476, 12),
  ctime: field("ctime", 488, 12),
  trailer: field("trailer", 508, 4),
});
