// SPDX-License-Identifier: MIT
import { fromBytes, toText, type ByteString } from "../../bytes/byte-string.ts";
import { LayerFault } from "./layer-fault.ts";

/** The records of an extended header (pax, "pax Extended Header"): values by keyword, both bytes. */
export type PaxRecords = ReadonlyMap<ByteString, ByteString>;

/** The keywords that say something about an entry. */
export const Keyword = {
  xattr: "SCHILY.xattr." as ByteString,
  libarchiveXattr: "LIBARCHIVE.xattr." as ByteString,
  sparse: "GNU.sparse." as ByteString,
  sparseMap: "GNU.sparse.map" as ByteString,
} as const;

const SPARSE_OFFSET = "GNU.sparse.offset";
const SPARSE_LENGTH = "GNU.sparse.numbytes";
/** The most digits that the length of a record may have, leading zeros counted. */
const LENGTH_DIGITS = 20;

/**
 * Parses the records of an extended header. Of several records with one keyword the last counts, as POSIX
 * says. The exception is GNU's sparse format 0.0, which repeats records for offsets and lengths: they are
 * joined to the one `GNU.sparse.map` of format 0.1.
 * @throws LayerFault `invalid-layer` for a wrong length, and for a keyword that is empty or holds a NUL
 */
export function parseRecords(bytes: Uint8Array): Map<ByteString, ByteString> {
  const records = new Map<ByteString, ByteString>();
  let extents: ByteString[] | undefined;
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const end = at + recordLength(bytes, at, space);
    const equals = bytes.indexOf(0x3d, space + 1);
    if (end > bytes.length || bytes[end - 1] !== 0x0a || equals < 0 || equals >= end - 1) {
      throw malformed(bytes, at, "a record that ends in a newline where its length says");
    }
    const key = fromBytes(bytes, space + 1, equals);
    const value = fromBytes(bytes, equals + 1, end - 1);
    if (key === "" || key.includes("\0")) throw malformed(bytes, at, "a keyword");
    if (key === SPARSE_OFFSET || key === SPARSE_LENGTH) addExtent((extents ??= []), key, value);
    else records.set(key, value);
    at = end;
  }
  if (extents !== undefined) records.set(Keyword.sparseMap, extents.join(",") as ByteString);
  return records;
}

/** The length of the record at `at`, written in the digits from there to `space`. */
function recordLength(bytes: Uint8Array, at: number, space: number): number {
  let length = 0;
  for (let next = at; next < space; next += 1) {
    const digit = bytes[next]! - 0x30;
    if (digit < 0 || digit > 9 || next - at >= LENGTH_DIGITS) {
      throw malformed(bytes, at, "a decimal length");
    }
    length = length * 10 + digit;
  }
  if (space <= at || length <= space - at) throw malformed(bytes, at, "the length of a record");
  return length;
}

function malformed(bytes: Uint8Array, at: number, expected: string): LayerFault {
  const got = toText(fromBytes(bytes, at, Math.min(at + 32, bytes.length)));
  return new LayerFault(
    "invalid-layer",
    `PAX record at byte ${at} of its header: expected ${expected}, got "${got}"`,
  );
}

function addExtent(extents: ByteString[], key: ByteString, value: ByteString): void {
  const expected = extents.length % 2 === 0 ? SPARSE_OFFSET : SPARSE_LENGTH;
  if (key !== expected || value.includes(",")) {
    throw new LayerFault(
      "invalid-layer",
      `sparse map: expected ${expected}, got ${key}=${toText(value)}`,
    );
  }
  extents.push(value);
}

/** One record, with its length in front. The length includes its own digits. */
export function formatRecord(key: ByteString, value: ByteString): ByteString {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (length !== rest.length + length.toString().length) {
    length = rest.length + length.toString().length;
  }
  return `${length}${rest}` as ByteString;
}
