// SPDX-License-Identifier: MIT
import { toHex } from "../../bytes/hash.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import { take } from "../../bytes/streams/cut-bytes.ts";
import { firstDifference } from "../../bytes/streams/first-difference.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { detectCompression } from "../../bytes/compression.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { ReadableStore } from "../../store/store.ts";
import { describeGzipHeader } from "./gzip-header.ts";
import type { Reasons } from "./reason.ts";

/** A blob in its store. */
export interface StoredBlob {
  readonly store: ReadableStore;
  readonly descriptor: Descriptor;
}

const HEAD = 64 * 1024;

/**
 * Adds why two blobs with the same tar differ: another kind of compression, the header of gzip or zstd, or the
 * program that compressed them. Both are read, and verified, to their ends.
 * @throws OciError what reading throws
 */
export async function explainBlobs(
  one: StoredBlob,
  other: StoredBlob,
  reasons: Reasons,
  { signal }: AbortOptions = {},
): Promise<void> {
  const [first, second] = [await headOf(one, signal), await headOf(other, signal)];
  const [kind, otherKind] = [kindOf(first), kindOf(second)];
  if (kind !== otherKind) {
    reasons.add("compression", { one: kind, other: otherKind });
    return;
  }
  const at = await firstDifference(
    one.store.fetch(one.descriptor, { signal }),
    other.store.fetch(other.descriptor, { signal }),
  );
  if (at === undefined) return;
  const differs =
    kind === "gzip" ? explainGzip(first, second, reasons) : explainZstd(first, second, reasons);
  if (!differs) reasons.add("compressor", { one: `${kind}, the same up to byte ${at}` });
}

async function headOf(
  { store, descriptor }: StoredBlob,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const bytes = take(store.fetch(descriptor, { signal }), HEAD);
  return readAll(bytes, HEAD, `${store.name}: ${descriptor.digest}`);
}

function kindOf(head: Uint8Array): string {
  return detectCompression(head) ?? "not compressed";
}

/** Adds the fields of the headers that differ. Returns whether there are any. */
function explainGzip(one: Uint8Array, other: Uint8Array, reasons: Reasons): boolean {
  const [first, second] = [describeGzipHeader(one), describeGzipHeader(other)];
  const fields = Object.keys(first) as (keyof typeof first)[];
  const differing = fields.filter((field) => first[field] !== second[field]);
  for (const field of differing) {
    reasons.add("gzip-header", { field, one: first[field], other: second[field] });
  }
  return differing.length > 0;
}

/** Magic, flags and window of the first frame (RFC 8878, section 3.1.1). */
const ZSTD_HEAD = 6;

function explainZstd(one: Uint8Array, other: Uint8Array, reasons: Reasons): boolean {
  const [first, second] = [toHex(one, 0, ZSTD_HEAD), toHex(other, 0, ZSTD_HEAD)];
  if (first === second) return false;
  reasons.add("zstd-header", { one: first, other: second });
  return true;
}
