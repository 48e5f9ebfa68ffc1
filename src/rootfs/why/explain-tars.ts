// SPDX-License-Identifier: MIT
import { fromBytes, toText, type ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import { skip, take } from "../../bytes/streams/cut-bytes.ts";
import { firstDifference } from "../../bytes/streams/first-difference.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { BLOCK, USTAR, type Field } from "../../layer/format/header-layout.ts";
import type { EntryPosition } from "../../layer/parse/layer-handler.ts";
import { normalisePath } from "../../layer/normalise-path.ts";
import { readLayer } from "../../layer/read-layer.ts";
import type { Reasons } from "./reason.ts";

/** Opens the uncompressed tar of a layer, from its first byte. */
export type OpenTar = () => Bytes;

/**
 * Adds where two tars of the same entries first differ: in a header's field or record, or in the bytes between and
 * behind the entries. Each is read three times at most, and none of it is kept.
 * @throws OciError what reading throws
 */
export async function explainTars(
  one: OpenTar,
  other: OpenTar,
  reasons: Reasons,
  options: AbortOptions = {},
): Promise<void> {
  const at = await firstDifference(one(), other());
  if (at === undefined) return;
  const entry = await entryAt(one, at, options);
  if (entry === undefined || at >= entry.position.contentOffset) {
    reasons.add("padding", { path: entry?.path, one: `from byte ${at} on`, other: undefined });
    return;
  }
  const block = at - (at % BLOCK);
  const [here, there] = [await blockAt(one, block), await blockAt(other, block)];
  const { path } = entry;
  if (!isHeader(here) || !isHeader(there)) {
    reasons.add("header", { path, field: "PAX records", one: textOf(here), other: textOf(there) });
    return;
  }
  for (const field of Object.values(USTAR)) {
    const [value, otherValue] = [valueOf(here, field), valueOf(there, field)];
    // The checksum follows from the others.
    if (value === otherValue || field.name === USTAR.checksum.name) continue;
    reasons.add("header", { path, field: field.name, one: value, other: otherValue });
  }
}

interface FoundEntry {
  readonly path: ByteString;
  readonly position: EntryPosition;
}

/** The last entry whose headers begin at or before an offset. */
async function entryAt(
  open: OpenTar,
  offset: number,
  options: AbortOptions,
): Promise<FoundEntry | undefined> {
  let last: FoundEntry | undefined;
  for await (const { entry, position } of readLayer(open(), options)) {
    if (position.headerOffset > offset) break;
    last = { path: normalisePath(entry.path), position };
  }
  return last;
}

async function blockAt(open: OpenTar, offset: number): Promise<Uint8Array> {
  return readAll(take(skip(open(), offset), BLOCK), BLOCK, "a block of a tar");
}

/** Whether a block is a header of its own, and not the text of extended headers. */
function isHeader(block: Uint8Array): boolean {
  return block.length === BLOCK && /^ustar/.test(valueOf(block, USTAR.magic));
}

function valueOf(block: Uint8Array, { at, length }: Field): string {
  return toText(fromBytes(block, at, at + length).replace(/\0+$/, "") as ByteString);
}

function textOf(block: Uint8Array): string {
  return toText(fromBytes(block).replace(/\0+$/, "") as ByteString);
}
