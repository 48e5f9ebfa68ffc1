// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../bytes/byte-string.ts";
import type { Bytes } from "../bytes/bytes.ts";
import { createHasher, type Hasher } from "../bytes/hash.ts";
import { createLayerParser, type LayerHandler } from "../layer/layer-parser.ts";
import type { Entry } from "../layer/entry.ts";
import { normalisePath } from "../layer/normalise.ts";
import { classifyWhiteout } from "../layer/whiteout.ts";
import { OciError } from "../oci/errors.ts";
import { withLimits, type Limits } from "../oci/limits.ts";
import { packMap } from "./attribute-maps.ts";
import { HEAD_BYTES, headOf } from "./head.ts";
import { createStringTable } from "./intern.ts";
import { formatLayerIndex, parseLayerIndex } from "./layer-index-format.ts";
import { COLUMN_LAYOUT, RECORD_TYPES, type Columns, type LayerIndex } from "./layer-index.ts";

export interface IndexLayerOptions {
  readonly limits?: Partial<Limits> | undefined;
  /** Names the layer in messages. */
  readonly what?: string | undefined;
}

/** A handler for a layer's parser, and the index of what it was told. */
export interface LayerIndexer extends LayerHandler {
  /** After the layer's end. */
  finish(): LayerIndex;
}

/**
 * Indexes one uncompressed layer, reading it to its end. What verifies the bytes belongs into `bytes`.
 * @throws OciError `invalid-layer`, `path-escape`, `limit-exceeded`; what the parser throws
 */
export async function indexLayer(
  bytes: Bytes,
  options: IndexLayerOptions = {},
): Promise<LayerIndex> {
  const indexer = createLayerIndexer(options);
  const parser = createLayerParser(indexer, options);
  for await (const chunk of bytes) parser.feed(chunk);
  parser.end();
  return indexer.finish();
}

type Rows = Record<keyof Columns, number[]>;

/** Collects the records of a layer as its parser announces them. */
export function createLayerIndexer(options: IndexLayerOptions = {}): LayerIndexer {
  const what = options.what ?? "layer";
  const rows = Object.fromEntries(COLUMN_LAYOUT.map(([name]) => [name, [] as number[]])) as Rows;
  const strings = createStringTable(what);
  const blobs = createStringTable(what);
  const attributes = createAttributeTable(rows, strings.idOf, blobs.idOf);
  const directories = createDirectoryTable(rows, strings.idOf);
  const digests: string[] = [];
  const content = createContentReader(withLimits(options.limits).expansionFloor);
  let entries = 0;
  let reading = false;

  const finishContent = (): void => {
    if (!reading) return;
    reading = false;
    const { hex, head } = content.finish();
    rows.head.push(blobs.idOf(head ?? ("" as ByteString)));
    rows.digest.push(hex === undefined ? 0 : digests.push(hex));
  };
  const addRecord = (entry: Entry, path: ByteString, ordinal: number): void => {
    const slash = path.lastIndexOf("/");
    rows.ordinal.push(ordinal);
    rows.type.push(RECORD_TYPES.indexOf(entry.type));
    rows.directory.push(directories.idOf(path.slice(0, slash)));
    rows.name.push(strings.idOf(path.slice(slash + 1) as ByteString));
    rows.attributes.push(attributes.idOf(entry));
    rows.mtime.push(entry.mtime);
    rows.nanoseconds.push(entry.mtimeNanoseconds);
    rows.size.push(entry.type === "file" ? entry.size : 0);
    rows.link.push(strings.idOf(linkOf(entry)));
    reading = entry.type === "file";
    if (reading) content.start();
    else {
      rows.head.push(0);
      rows.digest.push(0);
    }
  };
  return {
    entry(entry) {
      finishContent();
      const ordinal = entries;
      entries += 1;
      const whiteout = classifyWhiteout(entry.path);
      if (whiteout === undefined) {
        addRecord(entry, placeOf(entry, what), ordinal);
      } else if (whiteout.kind !== "ignored") {
        const { path, kind } = whiteout;
        const slash = kind === "opaque" ? (path === "/" ? 0 : path.length) : path.lastIndexOf("/");
        rows.removalDirectory.push(directories.idOf(path.slice(0, slash)));
        rows.removalName.push(strings.idOf(path.slice(slash + 1) as ByteString));
      }
    },
    data: (chunk) => {
      if (reading) content.data(chunk);
    },
    hole: (length) => {
      if (reading) content.hole(length);
    },
    end: finishContent,
    finish() {
      finishContent();
      const counts = {
        records: rows.type.length,
        removals: rows.removalName.length,
        directories: rows.directoryName.length,
        attributes: rows.mode.length,
        strings: strings.strings.length,
        blobs: blobs.strings.length,
        digests: digests.length,
      };
      const columns = { ...rows, stringEnd: strings.ends, blobEnd: blobs.ends };
      const parts = { columns, counts, strings: strings.strings, blobs: blobs.strings, digests };
      // One form in memory, whether it was just made or comes from a cache.
      return parseLayerIndex(formatLayerIndex(parts))!;
    },
  };
}

/** The normalised place of an entry. Only a directory can be the root. */
function placeOf(entry: Entry, what: string): ByteString {
  const path = normalisePath(entry.path);
  if (path !== "/" || entry.type === "directory") return path;
  throw new OciError(
    "invalid-layer",
    `${what}: expected a directory at the root, got a ${entry.type} named "${toText(entry.path)}"`,
    { details: { path: entry.path } },
  );
}

/** A symbolic link's target is kept as it is; a hard link's is a place in the root. */
function linkOf(entry: Entry): ByteString {
  if (entry.type === "hardlink") return normalisePath(entry.linkTarget);
  return entry.type === "symlink" ? entry.linkTarget : ("" as ByteString);
}

type IdOf = (text: ByteString) => number;

/** Owner, mode and the like, kept once for all entries that have them in common. */
function createAttributeTable(
  rows: Rows,
  stringId: IdOf,
  blobId: IdOf,
): { idOf(entry: Entry): number } {
  const ids = new Map<string, number>();
  return {
    idOf(entry) {
      const values = {
        mode: entry.mode,
        uid: entry.uid,
        gid: entry.gid,
        deviceMajor: entry.deviceMajor,
        deviceMinor: entry.deviceMinor,
        userName: stringId(entry.userName),
        groupName: stringId(entry.groupName),
        xattrs: blobId(packMap(entry.xattrs)),
        extensions: blobId(packMap(entry.extensions)),
      } as const;
      const key = Object.values(values).join();
      const known = ids.get(key);
      if (known !== undefined) return known;
      ids.set(key, ids.size);
      for (const [name, value] of Object.entries(values)) rows[name as keyof Rows].push(value);
      return ids.size - 1;
    },
  };
}

/** The directories that paths go through, kept as a tree: a deep path costs only what is new in it. */
function createDirectoryTable(rows: Rows, stringId: IdOf): { idOf(path: string): number } {
  const below: (Map<string, number> | undefined)[] = [undefined];
  rows.directoryParent.push(0);
  rows.directoryName.push(0);
  let last = { path: "", id: 0 };
  const child = (parent: number, name: string): number => {
    const known = below[parent]?.get(name);
    if (known !== undefined) return known;
    const id = below.push(undefined) - 1;
    rows.directoryParent.push(parent);
    rows.directoryName.push(stringId(name as ByteString));
    (below[parent] ??= new Map()).set(name, id);
    return id;
  };
  return {
    idOf(path) {
      if (path !== last.path) last = { path, id: path.split("/").slice(1).reduce(child, 0) };
      return last.id;
    },
  };
}

interface ContentReader {
  start(): void;
  data(chunk: Uint8Array): void;
  hole(length: number): void;
  /** The sha256, unless the file is mostly a hole; and what {@link headOf} says of its first bytes. */
  finish(): { readonly hex: string | undefined; readonly head: ByteString | undefined };
}

/** Hashes files and keeps their first bytes. Of a file with more than `mostHoles` bytes of holes no digest is made: it could be terabytes. */
function createContentReader(mostHoles: number): ContentReader {
  const zeros = new Uint8Array(64 * 1024);
  const first = new Uint8Array(HEAD_BYTES);
  let kept = 0;
  let holes = 0;
  let hasher: Hasher | undefined;
  const data = (chunk: Uint8Array): void => {
    hasher?.update(chunk);
    if (kept >= HEAD_BYTES) return;
    const part = chunk.subarray(0, HEAD_BYTES - kept);
    first.set(part, kept);
    kept += part.length;
  };
  return {
    start() {
      kept = 0;
      holes = 0;
      hasher = createHasher("sha256");
    },
    data,
    hole(length) {
      holes += length;
      if (holes > mostHoles) hasher = undefined;
      const told = hasher === undefined ? Math.min(length, HEAD_BYTES) : length;
      for (let left = told; left > 0; left -= zeros.length) data(zeros.subarray(0, left));
    },
    finish: () => ({ hex: hasher?.hex(), head: headOf(first.subarray(0, kept)) }),
  };
}
