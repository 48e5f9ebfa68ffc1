// SPDX-License-Identifier: MIT
import { fromBytes, toText } from "../../bytes/byte-string.ts";
import { toHex } from "../../bytes/hash.ts";

/** The fields of a gzip header (RFC 1952, section 2.3) as text for people. */
export interface GzipHeader {
  /** Seconds since 1970; 0 for none. */
  readonly mtime: string;
  /** What the compressor says of its effort. */
  readonly level: string;
  readonly os: string;
  /** In hex; empty for none. */
  readonly extra: string;
  /** The name of the file that was compressed; empty for none. */
  readonly name: string;
  readonly comment: string;
}

const SYSTEMS: Readonly<Record<number, string>> = {
  0: "FAT",
  3: "Unix",
  7: "Macintosh",
  11: "NTFS",
  255: "unknown",
};
const LEVELS: Readonly<Record<number, string>> = { 0: "usual", 2: "best", 4: "fastest" };

/** Reads the header at the start of the bytes. What lies behind their end counts as empty. */
export function describeGzipHeader(head: Uint8Array): GzipHeader {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const flags = head[3] ?? 0;
  let at = 10;
  const until = (end: number): Uint8Array => {
    const part = head.subarray(at, end);
    at = end;
    return part;
  };
  const text = (isThere: boolean): string => {
    if (!isThere) return "";
    const end = head.indexOf(0, at);
    const part = until(end < 0 ? head.length : end);
    at += 1;
    return toText(fromBytes(part));
  };
  const hasExtra = (flags & 4) !== 0 && head.length >= 12;
  if (hasExtra) at = 12;
  const extra = hasExtra ? until(at + view.getUint16(10, true)) : new Uint8Array();
  return {
    mtime: head.length < 10 ? "" : String(view.getUint32(4, true)),
    level: nameIn(LEVELS, head[8]),
    os: nameIn(SYSTEMS, head[9]),
    extra: toHex(extra, 0, extra.length),
    name: text((flags & 8) !== 0),
    comment: text((flags & 16) !== 0),
  };
}

function nameIn(names: Readonly<Record<number, string>>, byte: number | undefined): string {
  return byte === undefined ? "" : (names[byte] ?? String(byte));
}
