// SPDX-License-Identifier: MIT
import { fromBytes, type ByteString } from "../../bytes/byte-string.ts";
import { createHasher, toHex } from "../../bytes/hash.ts";
import type { Digest } from "../../oci/digest.ts";
import { COLUMN_LAYOUT, type Columns, type Count, type LayerIndex } from "./layer-index.ts";

/**
 * The version of the serialised form. A cache keeps it in the key, and an index of another version is
 * ignored. Raise it whenever the form changes, or what an indexer puts into it.
 *
 * The form: 16 numbers of 32 bits (magic, version, the counts in the order of {@link COUNTS}, length of
 * the text, length of the blobs), the columns, the raw sha256 digests, the text of all strings as UTF-8,
 * the blobs, and last the sha256 of everything before it. Numbers have the byte order of the machine: on a
 * machine with the other order the magic is wrong, and the index is ignored.
 */
export const LAYER_INDEX_VERSION = 2;

const MAGIC = 0x4f4b4c49;
const HEADER_WORDS = 16;
const DIGEST_BYTES = 32;
const COUNTS: readonly Count[] = [
  "records",
  "removals",
  "directories",
  "attributes",
  "strings",
  "blobs",
  "digests",
  "extents",
];

/** What an indexer has collected, ready to be serialised. */
export interface IndexParts {
  readonly columns: Readonly<Record<keyof Columns, readonly number[]>>;
  readonly strings: readonly ByteString[];
  readonly blobs: readonly ByteString[];
  /** sha256 digests as lower-case hex. */
  readonly digests: readonly string[];
  readonly counts: Readonly<Record<Count, number>>;
}

/** Writes an index in the form that {@link parseLayerIndex} reads. */
export function formatLayerIndex(parts: IndexParts): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(parts.strings.join(""));
  const blobs = toBinary(parts.blobs.join(""));
  const layout = layOut(parts.counts, text.length, blobs.length);
  const bytes = new Uint8Array(layout.length);
  const header = new Uint32Array(bytes.buffer, 0, HEADER_WORDS);
  header.set([MAGIC, LAYER_INDEX_VERSION, ...COUNTS.map((count) => parts.counts[count])]);
  header.set([text.length, blobs.length], HEADER_WORDS - 2);
  const columns = viewColumns(bytes.buffer, parts.counts);
  for (const [name] of COLUMN_LAYOUT) columns[name].set(parts.columns[name]);
  for (const [number, hex] of parts.digests.entries()) {
    writeHex(hex, bytes, layout.digests + number * DIGEST_BYTES);
  }
  bytes.set(text, layout.text);
  bytes.set(blobs, layout.blobs);
  bytes.set(checksum(bytes), layout.checksum);
  return bytes;
}

/** Reads a serialised index; undefined when it is of another version, cut short or damaged. */
export function parseLayerIndex(serialised: Uint8Array): LayerIndex | undefined {
  if (serialised.length < HEADER_WORDS * 4) return undefined;
  const bytes = serialised.byteOffset % 8 === 0 ? serialised : serialised.slice();
  const header = new Uint32Array(bytes.buffer, bytes.byteOffset, HEADER_WORDS);
  if (header[0] !== MAGIC || header[1] !== LAYER_INDEX_VERSION) return undefined;
  const counts = Object.fromEntries(
    COUNTS.map((count, index) => [count, header[2 + index]!]),
  ) as Record<Count, number>;
  const layout = layOut(counts, header[HEADER_WORDS - 2]!, header[HEADER_WORDS - 1]!);
  if (layout.length !== bytes.length) return undefined;
  if (checksum(bytes).some((byte, at) => byte !== bytes[layout.checksum + at])) return undefined;
  const columns = viewColumns(bytes.buffer, counts, bytes.byteOffset);
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    bytes.subarray(layout.text, layout.blobs),
  );
  const blobs = bytes.subarray(layout.blobs, layout.checksum);
  const digests = bytes.subarray(layout.digests, layout.text);
  return {
    bytes,
    counts,
    columns,
    string: readStrings(text, columns.stringEnd),
    blob: (id) => fromBytes(blobs, id === 0 ? 0 : columns.blobEnd[id - 1]!, columns.blobEnd[id]),
    // The digest is not validated: 32 bytes in hex always are one, and a tree asks for tens of thousands.
    digest: (id) =>
      id === 0
        ? undefined
        : (`sha256:${toHex(digests, (id - 1) * DIGEST_BYTES, id * DIGEST_BYTES)}` as Digest),
  };
}

/** Reads strings by number. Each is cut out of the text when first asked for, and shared from then on. */
function readStrings(text: string, ends: Uint32Array): (id: number) => ByteString {
  const strings = new Array<ByteString | undefined>(ends.length);
  return (id) => (strings[id] ??= text.slice(id === 0 ? 0 : ends[id - 1]!, ends[id]) as ByteString);
}

interface Layout {
  readonly digests: number;
  readonly text: number;
  readonly blobs: number;
  readonly checksum: number;
  readonly length: number;
}

function layOut(counts: Readonly<Record<Count, number>>, text: number, blobs: number): Layout {
  let at = HEADER_WORDS * 4;
  for (const [, count, width] of COLUMN_LAYOUT) at += counts[count] * width;
  const textAt = at + counts.digests * DIGEST_BYTES;
  const blobsAt = textAt + text;
  const checksumAt = blobsAt + blobs;
  return {
    digests: at,
    text: textAt,
    blobs: blobsAt,
    checksum: checksumAt,
    length: checksumAt + DIGEST_BYTES,
  };
}

function viewColumns(
  buffer: ArrayBufferLike,
  counts: Readonly<Record<Count, number>>,
  start = 0,
): Columns {
  let at = start + HEADER_WORDS * 4;
  const columns: Partial<Record<keyof Columns, Float64Array | Uint32Array | Uint8Array>> = {};
  for (const [name, count, width] of COLUMN_LAYOUT) {
    const Column = width === 8 ? Float64Array : width === 4 ? Uint32Array : Uint8Array;
    columns[name] = new Column(buffer as ArrayBuffer, at, counts[count]);
    at += counts[count] * width;
  }
  return columns as Columns;
}

/** The sha256 of everything except the last 32 bytes. */
function checksum(bytes: Uint8Array): Uint8Array {
  const hasher = createHasher("sha256");
  hasher.update(bytes.subarray(0, bytes.length - DIGEST_BYTES));
  const sum = new Uint8Array(DIGEST_BYTES);
  writeHex(hasher.hex(), sum, 0);
  return sum;
}

/** Writes lower-case hex as bytes. By arithmetic: 70,000 digests through `Number.parseInt` took 400 ms. */
function writeHex(hex: string, bytes: Uint8Array, start: number): void {
  for (let at = 0; at < hex.length; at += 2) {
    bytes[start + at / 2] = (nibble(hex.charCodeAt(at)) << 4) | nibble(hex.charCodeAt(at + 1));
  }
}

/** The value of a hex digit from its character code: 48 to 57 are 0 to 9, 97 to 102 are a to f. */
function nibble(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}

function toBinary(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}
