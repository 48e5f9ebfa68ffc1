// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import type { Entry } from "../../layer/entry.ts";
import type { EntryPosition } from "../../layer/parse/layer-handler.ts";
import { normalisePath } from "../../layer/normalise-path.ts";
import { nameOf, parentOf } from "../../layer/path-parts.ts";
import { classifyWhiteout, type Whiteout } from "../../layer/whiteout.ts";
import { OciError } from "../../oci/errors.ts";
import { withLimits, type Limits } from "../../oci/limits.ts";
import type { LayerListener } from "../contents/read-layer-once.ts";
import { createContentReader, type FileFacts } from "./content-facts.ts";
import { createExtentTable } from "./extent-table.ts";
import {
  createAttributeTable,
  createDirectoryTable,
  type AttributeTable,
  type DirectoryTable,
  type Rows,
} from "./index-tables.ts";
import { createStringTable, type StringTable } from "./string-table.ts";
import { formatLayerIndex, parseLayerIndex } from "./serialised-index.ts";
import { COLUMN_LAYOUT, RECORD_TYPES, type LayerIndex } from "./layer-index.ts";

const EMPTY = "" as ByteString;

export interface IndexLayerOptions {
  readonly limits?: Partial<Limits> | undefined;
  /** Names the layer in messages. */
  readonly what?: string | undefined;
}

/** Listens to the reading of a layer and makes its index. */
export interface LayerIndexer extends LayerListener {
  /** The index. Call it after the layer's end. */
  finish(): LayerIndex;
}

/**
 * Collects the records of a layer as its parser announces them.
 * @throws OciError from its methods: `invalid-layer`, `path-escape`, `limit-exceeded`
 */
export function createLayerIndexer(options: IndexLayerOptions = {}): LayerIndexer {
  const what = options.what ?? "layer";
  const limits = withLimits(options.limits);
  const collection = createCollection(limits, what);
  const { rows } = collection;
  const content = createContentReader(limits.holeBytes);
  const extents = createExtentTable(rows, limits.sparseExtents);
  let isReading = false;
  let isSparse = false;
  const finishContent = (): void => {
    if (!isReading) return;
    addContent(collection, content.finish());
    const record = rows.type.length - 1;
    if (isSparse && !extents.finish(record)) rows.contentOffset[record] = 0;
    isReading = isSparse = false;
  };
  return {
    entry(entry, position) {
      finishContent();
      const whiteout = classifyWhiteout(entry.path);
      if (whiteout !== undefined) {
        addRemoval(collection, whiteout);
        return;
      }
      const path = entryPath(entry, what);
      collection.directories.state(path);
      addRecord(collection, entry, path, position);
      isReading = entry.type === "file";
      isSparse = isReading && position.storedSize !== entry.size;
      if (isSparse) extents.start();
      if (isReading) content.start(entry.size);
      else addContent(collection, { hex: undefined, head: undefined });
    },
    data: (chunk) => {
      if (isReading) content.data(chunk);
      if (isSparse) extents.data(chunk.length);
    },
    hole: (length) => {
      if (isReading) content.hole(length);
      if (isSparse) extents.hole(length);
    },
    end: finishContent,
    finish: () => {
      finishContent();
      return buildIndex(collection);
    },
  };
}

/** An entry of a layer whose content is known by its sha256 alone. */
export interface KnownEntry {
  readonly entry: Entry;
  readonly hex: string | undefined;
}

/**
 * Makes an index of entries whose contents are not there to be read. It does not say where contents lie.
 * @throws OciError as {@link createLayerIndexer}
 */
export function indexEntries(
  entries: Iterable<KnownEntry>,
  { limits, what = "layer" }: IndexLayerOptions = {},
): LayerIndex {
  const collection = createCollection(withLimits(limits), what);
  let ordinal = 0;
  for (const { entry, hex } of entries) {
    const whiteout = classifyWhiteout(entry.path);
    if (whiteout === undefined) {
      const path = entryPath(entry, what);
      collection.directories.state(path);
      const position = { ordinal, headerOffset: 0, contentOffset: 0, storedSize: entry.size };
      addRecord(collection, entry, path, position);
      addContent(collection, { hex, head: undefined });
    } else addRemoval(collection, whiteout);
    ordinal += 1;
  }
  return buildIndex(collection);
}

interface Collection {
  readonly rows: Rows;
  readonly strings: StringTable;
  readonly blobs: StringTable;
  readonly attributes: AttributeTable;
  readonly directories: DirectoryTable;
  readonly digests: string[];
}

function createCollection({ entries, impliedPathBytes }: Limits, what: string): Collection {
  const rows = Object.fromEntries(COLUMN_LAYOUT.map(([name]) => [name, [] as number[]])) as Rows;
  const strings = createStringTable(what);
  const blobs = createStringTable(what);
  return {
    rows,
    strings,
    blobs,
    attributes: createAttributeTable(rows, strings.idOf, blobs.idOf),
    directories: createDirectoryTable(rows, strings.idOf, {
      most: entries,
      mostImplied: impliedPathBytes,
      what,
    }),
    digests: [],
  };
}

function addRecord(
  collection: Collection,
  entry: Entry,
  path: ByteString,
  { ordinal, contentOffset }: EntryPosition,
): void {
  const { rows, strings, attributes, directories } = collection;
  rows.ordinal.push(ordinal);
  rows.type.push(RECORD_TYPES.indexOf(entry.type));
  rows.directory.push(directories.idOf(parentOf(path)));
  rows.name.push(strings.idOf(nameOf(path)));
  rows.attributes.push(attributes.idOf(entry));
  rows.mtime.push(entry.mtime);
  rows.nanoseconds.push(entry.mtimeNanoseconds);
  rows.size.push(entry.type === "file" ? entry.size : 0);
  rows.contentOffset.push(entry.type === "file" ? contentOffset : 0);
  rows.link.push(strings.idOf(linkOf(entry)));
}

function addContent({ rows, blobs, digests }: Collection, { hex, head }: FileFacts): void {
  rows.head.push(head === undefined ? 0 : blobs.idOf(head));
  rows.digest.push(hex === undefined ? 0 : digests.push(hex));
}

function addRemoval({ rows, strings, directories }: Collection, { kind, path }: Whiteout): void {
  if (kind === "ignored") return;
  const isOpaque = kind === "opaque";
  rows.removalDirectory.push(directories.idOf(isOpaque ? path : parentOf(path)));
  rows.removalName.push(strings.idOf(isOpaque ? EMPTY : nameOf(path)));
}

/** Serialises and parses, so that a new index has the same form in memory as one from the cache. */
function buildIndex({ rows, strings, blobs, digests }: Collection): LayerIndex {
  const counts = {
    records: rows.type.length,
    removals: rows.removalName.length,
    directories: rows.directoryName.length,
    attributes: rows.mode.length,
    strings: strings.strings.length,
    blobs: blobs.strings.length,
    digests: digests.length,
    extents: rows.extentRecord.length,
  };
  const columns = { ...rows, stringEnd: strings.ends, blobEnd: blobs.ends };
  const parts = { columns, counts, strings: strings.strings, blobs: blobs.strings, digests };
  return parseLayerIndex(formatLayerIndex(parts))!;
}

/** The normalised path of an entry. Only a directory may be the root. */
function entryPath(entry: Entry, what: string): ByteString {
  const path = normalisePath(entry.path);
  if (path !== "/" || entry.type === "directory") return path;
  throw new OciError(
    "invalid-layer",
    `${what}: expected a directory at the root, got a ${entry.type} named "${toText(entry.path)}"`,
    { details: { path: entry.path } },
  );
}

/** A symbolic link's target is kept as it is; a hard link's target becomes a path in the root. */
function linkOf(entry: Entry): ByteString {
  if (entry.type === "hardlink") return normalisePath(entry.linkTarget);
  return entry.type === "symlink" ? entry.linkTarget : EMPTY;
}
