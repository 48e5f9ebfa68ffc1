// SPDX-License-Identifier: MIT
import { fromText, toBytes, type ByteString } from "../bytes/byte-string.ts";

/** A field of a raw header: text (as UTF-8), unchanged bytes, or a number (as octal digits and a NUL). */
export type RawField = string | number | Uint8Array;

/**
 * The fields of a tar header, written exactly as given, even if they are wrong. By default they are those of
 * an empty file of mode 0644, owned by 0:0, with time 0, in ustar format, with the right checksum.
 */
export interface RawHeader {
  readonly name?: RawField;
  readonly mode?: RawField;
  readonly uid?: RawField;
  readonly gid?: RawField;
  readonly size?: RawField;
  readonly mtime?: RawField;
  readonly checksum?: RawField;
  readonly typeFlag?: RawField;
  readonly linkName?: RawField;
  /** Magic and version: {@link USTAR_MAGIC}, {@link GNU_MAGIC}, or empty for the oldest tars. */
  readonly magic?: RawField;
  readonly userName?: RawField;
  readonly groupName?: RawField;
  readonly deviceMajor?: RawField;
  readonly deviceMinor?: RawField;
  readonly prefix?: RawField;
  /** Bytes anywhere in the block, by offset, such as sparse maps or garbage. */
  readonly at?: Readonly<Record<number, RawField>>;
}

export const USTAR_MAGIC = "ustar\x0000";
export const GNU_MAGIC = "ustar  \0";
const BLOCK = 512;

/** The two blocks of zeros that end a tar. */
export const END_OF_TAR: Uint8Array = new Uint8Array(2 * BLOCK);

const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  typeFlag: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  userName: [265, 32],
  groupName: [297, 32],
  deviceMajor: [329, 8],
  deviceMinor: [337, 8],
  prefix: [345, 155],
} as const satisfies Partial<Record<keyof RawHeader, readonly [at: number, length: number]>>;

const DEFAULTS: RawHeader = Object.freeze({
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  typeFlag: "0",
  magic: USTAR_MAGIC,
});

/**
 * One header block with the given fields, whether they make sense or not. A field that is too long is cut.
 */
export function rawHeader(header: RawHeader): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  const fields = { ...DEFAULTS, ...header };
  for (const [name, [at, length]] of Object.entries(FIELDS)) {
    const field = fields[name as keyof typeof FIELDS];
    if (field !== undefined) block.set(fieldBytes(field, length), at);
  }
  for (const [at, field] of Object.entries(header.at ?? {})) {
    block.set(fieldBytes(field, 12), Number(at));
  }
  block.set(fieldBytes(header.checksum ?? `${octal(checksum(block), 7)}\0 `, 8), 148);
  return block;
}

/** A header, content and padding. `size` is the length of the content unless the header says otherwise. */
export function rawEntry(
  header: RawHeader,
  content: string | Uint8Array = "",
): Uint8Array<ArrayBuffer> {
  const bytes = fieldBytes(content, Number.MAX_SAFE_INTEGER);
  const padding = new Uint8Array((BLOCK - (bytes.length % BLOCK)) % BLOCK);
  return joinBytes(rawHeader({ size: bytes.length, ...header }), bytes, padding);
}

/** An extended header: PAX records with right lengths, or unchanged bytes. With the type `g` it is global. */
export function paxHeader(
  records: Readonly<Record<string, string | Uint8Array>> | Uint8Array,
  typeFlag = "x",
): Uint8Array<ArrayBuffer> {
  const content =
    records instanceof Uint8Array
      ? records
      : joinBytes(...Object.entries(records).map(([key, value]) => paxRecord(key, value)));
  return rawEntry({ name: "PaxHeader", typeFlag }, content);
}

/** One PAX record, with its length in front. */
export function paxRecord(key: string, value: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const rest = joinBytes(fieldBytes(` ${key}=`, 1e9), fieldBytes(value, 1e9), fieldBytes("\n", 1));
  let digits = 1;
  while ((rest.length + digits).toString().length > digits) digits += 1;
  return joinBytes(fieldBytes((rest.length + digits).toString(), digits), rest);
}

/** The header of GNU tar for a long name (`L`) or link target (`K`). */
export function gnuLongName(typeFlag: "L" | "K", name: string): Uint8Array<ArrayBuffer> {
  return rawEntry({ name: "././@LongLink", typeFlag, magic: GNU_MAGIC }, `${name}\0`);
}

/** A number in GNU's binary form (two's complement) for a field of `length` bytes. */
export function base256(value: number | bigint, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let left = BigInt(value);
  for (let at = length - 1; at >= 0; at -= 1) {
    bytes[at] = Number(left & 0xffn);
    left >>= 8n;
  }
  bytes[0]! |= 0x80;
  return bytes;
}

/** All parts, one after the other. */
export function joinBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A whole tar: the parts and the end of the archive. */
export function rawTar(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return joinBytes(...parts, END_OF_TAR);
}

function fieldBytes(field: RawField, length: number): Uint8Array {
  if (typeof field === "number") return toBytes(octal(field, length));
  const bytes = typeof field === "string" ? toBytes(fromText(field)) : field;
  return bytes.subarray(0, length);
}

function octal(value: number, length: number): ByteString {
  return value.toString(8).padStart(length - 1, "0") as ByteString;
}

function checksum(block: Uint8Array): number {
  return block.reduce((sum, byte) => sum + byte, 8 * 0x20);
}
