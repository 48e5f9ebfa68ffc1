// SPDX-License-Identifier: MIT
import { fromBytes, type ByteString } from "../../bytes/byte-string.ts";
import type { Limits } from "../../oci/limits.ts";
import type { BlockInput } from "./block-input.ts";
import { isZeroBlock, verifyChecksum } from "../format/checksum.ts";
import { paddingOf, USTAR } from "../format/header-layout.ts";
import { checkLimit, LayerFault } from "../format/layer-fault.ts";
import { readCount } from "../format/numeric-field.ts";
import { Keyword, parseRecords, type PaxRecords } from "../format/pax-records.ts";
import { readTypeFlag } from "./header-block.ts";
import { readBytes, skipPadding, truncated, waitForBlock, type Step } from "./parse-step.ts";

/** The headers of one entry. */
export interface EntryHeaders {
  /** The entry's own header. It is still the next block of the input, and valid only until it is passed over. */
  block: Uint8Array | undefined;
  /** PAX `x`. */
  records: PaxRecords | undefined;
  /** GNU `L`. */
  longPath: ByteString | undefined;
  /** GNU `K`. */
  longLinkTarget: ByteString | undefined;
}

/** The PAX records of the global headers so far. */
export type GlobalRecords = Map<ByteString, ByteString>;

/** Keywords refused in a global header: they would give every entry the same name or size. */
const NEVER_GLOBAL: ReadonlySet<string> = new Set(["path", "linkpath", "size"]);

/**
 * Reads the headers of the next entry; its `block` is undefined at the end of the bytes, or at a block of
 * zeros, which is not passed over. Extended headers must stand directly before their entry, global ones
 * first, and each kind only once: readers disagree on the meaning of anything else.
 * @throws LayerFault
 */
export function* readHeaders(
  input: BlockInput,
  globals: GlobalRecords,
  limits: Limits,
): Step<EntryHeaders> {
  const headers: EntryHeaders = {
    block: undefined,
    records: undefined,
    longPath: undefined,
    longLinkTarget: undefined,
  };
  for (let total = 0; ;) {
    const block = input.peekBlock() ?? (yield* waitForBlock(input));
    if (block === undefined || (block[0] === 0 && isZeroBlock(block))) {
      checkEnd(input, block, headers);
      return headers;
    }
    verifyChecksum(block);
    const flag = readTypeFlag(block);
    if (!isExtended(flag)) {
      headers.block = block;
      return headers;
    }
    const size = readCount(block, USTAR.size);
    total += size;
    checkLimit(
      total,
      limits.extendedHeaderBytes,
      "bytes of extended headers",
      "extendedHeaderBytes",
    );
    input.skipBlock();
    const bytes = input.takeWhole(size) ?? (yield* readBytes(input, size));
    if (flag === "g") addGlobals(globals, bytes, headers, limits);
    else addExtended(headers, flag, bytes);
    yield* skipPadding(input, paddingOf(size));
  }
}

/**
 * Whether a type flag is that of an extended header: PAX's `x` and `g`, Solaris' older `X`, GNU's `L` and `K`
 * for long names.
 */
function isExtended(flag: string): boolean {
  return flag === "x" || flag === "g" || flag === "L" || flag === "K" || flag === "X";
}

function hasExtended(headers: EntryHeaders): boolean {
  return (headers.records ?? headers.longPath ?? headers.longLinkTarget) !== undefined;
}

function checkEnd(input: BlockInput, block: Uint8Array | undefined, headers: EntryHeaders): void {
  if (block === undefined && input.heldLength > 0) throw truncated("a whole header");
  if (hasExtended(headers)) throw truncated("the entry that an extended header is for");
}

function addExtended(headers: EntryHeaders, flag: string, bytes: Uint8Array): void {
  const isSecond =
    flag === "L"
      ? headers.longPath !== undefined
      : flag === "K"
        ? headers.longLinkTarget !== undefined
        : headers.records !== undefined;
  if (isSecond) {
    throw new LayerFault(
      "invalid-layer",
      `extended header ${flag}: expected one for an entry, got two`,
    );
  }
  if (flag === "L") headers.longPath = readLongName(bytes, flag);
  else if (flag === "K") headers.longLinkTarget = readLongName(bytes, flag);
  else headers.records = parseRecords(bytes);
}

/** A GNU long name: the bytes before the NULs that end it. */
function readLongName(bytes: Uint8Array, flag: string): ByteString {
  const nul = bytes.indexOf(0);
  const end = nul < 0 ? bytes.length : nul;
  if (end > 0 && bytes.subarray(end).every((byte) => byte === 0)) return fromBytes(bytes, 0, end);
  throw new LayerFault(
    "invalid-layer",
    `extended header ${flag}: expected a name and NULs, got ${end === 0 ? "no name" : "a NUL in the name"}`,
  );
}

function addGlobals(
  globals: GlobalRecords,
  bytes: Uint8Array,
  headers: EntryHeaders,
  limits: Limits,
): void {
  if (hasExtended(headers)) {
    throw new LayerFault(
      "invalid-layer",
      "global header: expected it before an entry's own extended headers, got it after one",
    );
  }
  for (const [key, value] of parseRecords(bytes)) {
    if (NEVER_GLOBAL.has(key) || key.startsWith(Keyword.sparse)) {
      throw new LayerFault(
        "invalid-layer",
        `global header: expected no record of one file, got ${key}`,
      );
    }
    if (value === "") globals.delete(key);
    else globals.set(key, value);
  }
  let total = 0;
  for (const [key, value] of globals) total += key.length + value.length;
  checkLimit(total, limits.globalHeaderBytes, "bytes of global headers", "globalHeaderBytes");
}

/** The records that apply to an entry: its own, and the global ones that it doesn't override. */
export function effectiveRecords(
  globals: GlobalRecords,
  own: PaxRecords | undefined,
): PaxRecords | undefined {
  if (globals.size === 0) return own;
  return own === undefined ? globals : new Map([...globals, ...own]);
}
