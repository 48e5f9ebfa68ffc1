// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Limits } from "../../oci/limits.ts";
import { applyRecords } from "./apply-records.ts";
import type { BlockInput } from "./block-input.ts";
import { isHeader, isZeroBlock } from "../format/checksum.ts";
import { paddingOf } from "../format/header-layout.ts";
import { checkLimit, LayerFault } from "../format/layer-fault.ts";
import type { LayerHandler } from "./layer-handler.ts";
import { isLink, readHeader, readTypeFlag, type EntryDraft } from "./header-block.ts";
import {
  effectiveRecords,
  readHeaders,
  type EntryHeaders,
  type GlobalRecords,
} from "./extended-headers.ts";
import { readSparse } from "./sparse-entry.ts";
import { storedLength, type SparseMap } from "./sparse-map.ts";
import { readContent, skipPadding, waitForBlock, type Step } from "./parse-step.ts";

const ZEROS = new Uint8Array(65_536);

/** The state of the parser. */
export interface Parsing {
  readonly input: BlockInput;
  readonly handler: LayerHandler;
  readonly limits: Limits;
  readonly globals: GlobalRecords;
  ordinal: number;
  /** Where the entry's headers start. */
  offset: number;
  /** The path of the entry; undefined until its headers are decoded. */
  path: ByteString | undefined;
  /** Bytes in holes of sparse files so far. */
  holes: number;
  /** Whether the last entry is a hard link whose size was ignored, as it seemed to have no content. */
  isSizeIgnored: boolean;
}

/** Parses a whole layer: its entries, then its end. */
export function* parseLayer(parsing: Parsing): Step<void> {
  const { input, limits } = parsing;
  for (;;) {
    parsing.offset = input.offset;
    parsing.path = undefined;
    const headers = yield* readHeaders(input, parsing.globals, limits);
    if (headers.block === undefined) break;
    checkLimit(parsing.ordinal + 1, limits.entries, "entries", "entries");
    yield* parseEntry(parsing, headers, headers.block);
    parsing.ordinal += 1;
  }
  yield* parseEnd(parsing);
}

function* parseEntry(parsing: Parsing, headers: EntryHeaders, block: Uint8Array): Step<void> {
  const { input, handler, limits } = parsing;
  const draft = readHeader(block);
  const records = effectiveRecords(parsing.globals, headers.records);
  const sparseRecords = records === undefined ? undefined : applyRecords(draft, records);
  applyLongNames(draft, headers);
  parsing.path = draft.path;
  // the oldest tars mark a directory only by the trailing slash
  if (readTypeFlag(block) === "\0" && draft.path.endsWith("/")) draft.type = "directory";
  const map = yield* readSparse(input, block, draft, sparseRecords, limits);
  checkLimit(draft.path.length, limits.pathBytes, "bytes of the path", "pathBytes");
  checkLimit(draft.linkTarget.length, limits.pathBytes, "bytes of the link target", "pathBytes");
  yield* settleSize(parsing, draft);
  const storedSize = map === undefined ? draft.size : storedLength(map);
  if (map !== undefined) {
    checkLimit(draft.size, limits.sparseFileBytes, "bytes of a sparse file", "sparseFileBytes");
  }
  if (handler.hole === undefined) countHoles(parsing, draft.size - storedSize);
  const { ordinal, offset: headerOffset } = parsing;
  handler.entry(draft, { ordinal, headerOffset, contentOffset: input.offset, storedSize });
  if (map !== undefined) yield* readExtents(parsing, map, draft.size);
  else if (storedSize > 0) yield* readContent(input, storedSize, handler);
  if (storedSize > 0) yield* skipPadding(input, paddingOf(storedSize));
}

/** @throws LayerFault when GNU and PAX headers give different names: readers disagree on which counts */
function applyLongNames(draft: EntryDraft, headers: EntryHeaders): void {
  const { longPath, longLinkTarget, records } = headers;
  if (longPath !== undefined) {
    checkSame(longPath, records?.get("path" as ByteString), "path");
    draft.path = longPath;
  }
  if (longLinkTarget !== undefined) {
    checkSame(longLinkTarget, records?.get("linkpath" as ByteString), "link target");
    if (isLink(draft.type)) draft.linkTarget = longLinkTarget;
  }
}

function checkSame(gnu: ByteString, pax: ByteString | undefined, what: string): void {
  if (pax === undefined || pax === "" || pax === gnu) return;
  throw new LayerFault(
    "invalid-layer",
    `${what}: expected the same in GNU and PAX headers, got two different ones`,
  );
}

/**
 * Decides whether content follows. Only files have content; the size of a directory, link, device or fifo is
 * ignored, as Go and libarchive do. A hard link is the exception: old tars wrote the file's size without
 * content, POSIX allows content, and no field tells which. If a header, zeros or the end follow directly,
 * there is no content (GNU tar and Go always assume that); anything else is content (as libarchive assumes).
 */
function* settleSize(parsing: Parsing, draft: EntryDraft): Step<void> {
  parsing.isSizeIgnored = false;
  if (draft.type === "file" || draft.size === 0) return;
  if (draft.type === "hardlink") {
    const { input } = parsing;
    const next = input.peekBlock() ?? (yield* waitForBlock(input));
    const isContent =
      next === undefined ? input.heldLength > 0 : !isHeader(next) && !isZeroBlock(next);
    if (isContent) return;
    parsing.isSizeIgnored = true;
  }
  draft.size = 0;
}

/** @throws LayerFault when the zeros told for holes are more than the layer's bytes so far allow */
function countHoles(parsing: Parsing, length: number): void {
  const { limits, input } = parsing;
  parsing.holes += length;
  checkLimit(
    parsing.holes,
    limits.holeBytes + limits.expansionRatio * input.offset,
    "bytes in holes of sparse files",
    "holeBytes",
  );
}

/** Passes on the content of a sparse file: its extents from the input, and the holes between them. */
function* readExtents({ input, handler }: Parsing, map: SparseMap, size: number): Step<void> {
  let position = 0;
  for (let at = 0; at < map.length; at += 2) {
    const offset = map[at]!;
    const length = map[at + 1]!;
    writeHole(handler, offset - position);
    yield* readContent(input, length, handler);
    position = offset + length;
  }
  writeHole(handler, size - position);
}

/** Tells a hole: zeros come through `data` where there is no `hole`. */
export function writeHole(handler: Pick<LayerHandler, "data" | "hole">, length: number): void {
  if (length > 0 && handler.hole !== undefined) {
    handler.hole(length);
    return;
  }
  for (let left = length; left > 0; left -= ZEROS.length) {
    handler.data(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
  }
}

/**
 * The end: two blocks of zeros, one and the end of the bytes, or the end alone (Go accepts all three). One
 * block of zeros with something else behind is refused, as Go does: GNU tar would stop there and others go
 * on. What follows the end is read and ignored. Only after a hard link whose size was ignored must it be
 * zeros: otherwise the two blocks of zeros may have been its content.
 */
function* parseEnd({ input, isSizeIgnored }: Parsing): Step<void> {
  for (let blocks = 0; blocks < 2; blocks += 1) {
    const block = input.peekBlock() ?? (yield* waitForBlock(input));
    if (block === undefined && input.heldLength === 0) return;
    if (block === undefined || !isZeroBlock(block)) {
      throw new LayerFault(
        "invalid-layer",
        "end of the layer: expected two blocks of zeros, got one",
      );
    }
    input.skipBlock();
  }
  while (!input.ended) {
    const rest = input.take(Number.MAX_SAFE_INTEGER);
    if (isSizeIgnored && rest.some((byte) => byte !== 0)) {
      throw new LayerFault(
        "invalid-layer",
        "end of the layer: expected nothing but zeros after a hard link that has a size, got more",
      );
    }
    yield;
  }
}
