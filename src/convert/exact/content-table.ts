// SPDX-License-Identifier: MIT
import { toBytes, type ByteString } from "../../bytes/byte-string.ts";
import { parseDiffId, type DiffId } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import { formatVis, parseVis } from "../../disk/sidecar/vis-encoding.ts";
import type { ContentRecord } from "./layer-record.ts";

// The file `contents` of a recorded layer is ASCII text:
//
//   oci-kit-layer 1 sha256:…                        the diffID of the tar
//   1536 4096 /usr/bin/cc                           1536 raw bytes, then 4096 bytes: the file at this path
//   512 8192 /var/sparse 0+4096 1048576+4096        the same for these parts of a sparse file
//   512 100 kept:17                                 the same for the file `kept/17`
//   end 1024                                        raw bytes after the last content
//
// Paths are written as in tree.mtree: each special character is a backslash and three octal digits.

const MAGIC = "oci-kit-layer 1 ";
const KEPT_PREFIX = "kept:";
const BATCH = 256 * 1024;

/** Collects the contents that a layer has, while the layer is read. */
export interface ContentTable {
  /** Starts a new entry. Later calls of `data` and `hole` are about this entry. */
  entry(ordinal: number, isSparse: boolean): void;
  data(length: number): void;
  hole(length: number): void;
  add(ordinal: number, size: number, rawBefore: number): void;
  /**
   * The bytes of the file. `pathOf` returns the path of a content, or undefined for one kept beside the
   * layer's record.
   */
  format(
    diffId: DiffId,
    rest: number,
    pathOf: (ordinal: number) => ByteString | undefined,
  ): Iterable<Uint8Array>;
}

/** Creates an empty table. It needs some 30 bytes for each content. */
export function createContentTable(): ContentTable {
  /** Three numbers for each content: raw bytes before it, size, ordinal. */
  const numbers: number[] = [];
  const sparse = new Map<number, number[]>();
  let extents: number[] | undefined;
  let position = 0;
  return {
    entry(ordinal, isSparse) {
      extents = isSparse ? [] : undefined;
      position = 0;
      if (extents !== undefined) sparse.set(ordinal, extents);
    },
    data(length) {
      if (extents === undefined) return;
      addExtent(extents, position, length);
      position += length;
    },
    hole(length) {
      position += length;
    },
    add: (ordinal, size, rawBefore) => void numbers.push(rawBefore, size, ordinal),
    *format(diffId, rest, pathOf) {
      let text = `${MAGIC}${diffId}\n`;
      for (let at = 0; at < numbers.length; at += 3) {
        const ordinal = numbers[at + 2]!;
        const path = pathOf(ordinal);
        const place = path === undefined ? `${KEPT_PREFIX}${ordinal}` : formatVis(path);
        const parts = formatExtents(sparse.get(ordinal));
        text += `${numbers[at]!} ${numbers[at + 1]!} ${place}${parts}\n`;
        if (text.length < BATCH) continue;
        yield toBytes(text as ByteString);
        text = "";
      }
      yield toBytes(`${text}end ${rest}\n` as ByteString);
    },
  };
}

function addExtent(extents: number[], position: number, length: number): void {
  const last = extents.length - 1;
  if (last > 0 && extents[last - 1]! + extents[last]! === position) extents[last]! += length;
  else extents.push(position, length);
}

function formatExtents(extents: readonly number[] | undefined): string {
  let text = "";
  for (let at = 0; extents !== undefined && at < extents.length; at += 2) {
    text += ` ${extents[at]!}+${extents[at + 1]!}`;
  }
  return text;
}

/** A table read from a `contents` file. */
export interface ParsedContents {
  readonly diffId: DiffId;
  readonly contents: readonly ContentRecord[];
  /** Raw bytes after the last content. */
  readonly rest: number;
}

/** Reads the text of a `contents` file; `file` names it in messages. @throws OciError `invalid-sidecar` */
export function parseContents(text: string, file: string): ParsedContents {
  const lines = text.split("\n");
  const [first = "", ...others] = lines;
  const last = others.at(-2);
  const rest = last === undefined ? undefined : /^end (\d{1,15})$/.exec(last)?.[1];
  if (!first.startsWith(MAGIC) || rest === undefined || others.at(-1) !== "") {
    throw malformed(file, "a line that begins it and one that ends it", first);
  }
  return {
    diffId: parseDiffId(first.slice(MAGIC.length)),
    contents: others.slice(0, -2).map((line) => parseLine(line, file)),
    rest: Number(rest),
  };
}

const LINE = /^(\d{1,15}) (\d{1,15}) (?:kept:(\d{1,15})|(\/\S+))((?: \d{1,15}\+\d{1,15})*)$/;

function parseLine(line: string, file: string): ContentRecord {
  const [, rawBefore, size, kept, path, parts] = LINE.exec(line) ?? [];
  const where = path === undefined ? undefined : parseVis(path);
  const place = where === undefined ? kept && { kept } : { path: where };
  if (parts === undefined || !place) throw malformed(file, "a content", line);
  const extents = parts === "" ? undefined : parts.slice(1).split(/[ +]/).map(Number);
  return { rawBefore: Number(rawBefore), size: Number(size), place, extents };
}

function malformed(file: string, expected: string, got: string): OciError {
  return new OciError(
    "invalid-sidecar",
    `${quote(file)}: expected ${expected}, got ${quote(got)}`,
    { details: { file }, hint: "Unpack the image again with --exact." },
  );
}
