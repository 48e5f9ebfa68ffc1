// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { directoryPaths } from "../layer-index/directory-paths.ts";
import { RECORD_TYPES, type LayerIndex } from "../layer-index/layer-index.ts";
import { unpackMap } from "../layer-index/packed-map.ts";

/** Where a table of contents says other than its layer. */
export interface TableDifference {
  /** Absolute in the layer. */
  readonly path: ByteString;
  /** Of an entry, or that there is one: for people, with what each says. */
  readonly field: string;
  readonly table: string;
  readonly layer: string;
}

/**
 * The first thing, in the order of the layer, that a table of contents says otherwise than the layer's own tar;
 * undefined where both tell the same. Compared is what anybody sees of an entry: type, size, content, target of a link,
 * permissions, owner, device, time, attributes; and what the layer removes. Times of a table may be whole seconds.
 */
export function compareTable(table: LayerIndex, layer: LayerIndex): TableDifference | undefined {
  const told = recordsByPath(table);
  const own = recordsByPath(layer);
  for (const [path, record] of own) {
    const row = told.get(path);
    if (row === undefined) return { path, field: "an entry", table: "none", layer: "one" };
    const difference = compareRecords(describe(table, row), describe(layer, record));
    if (difference !== undefined) return { path, ...difference };
  }
  for (const path of told.keys()) {
    if (!own.has(path)) return { path, field: "an entry", table: "one", layer: "none" };
  }
  return compareRemovals(table, layer);
}

/** Of several entries with one path the last counts, as for who unpacks the layer. */
function recordsByPath(index: LayerIndex): ReadonlyMap<ByteString, number> {
  const directories = directoryPaths(index);
  const { columns, counts, string } = index;
  const records = new Map<ByteString, number>();
  for (let record = 0; record < counts.records; record += 1) {
    const directory = directories[columns.directory[record]!]!;
    records.set(`${directory}/${string(columns.name[record]!)}` as ByteString, record);
  }
  return records;
}

/** An entry in words, by what is compared; undefined where an index does not say it. */
type Described = Readonly<Record<string, string | undefined>> & { readonly time: string };

function describe(index: LayerIndex, record: number): Described {
  const { columns, string, digest } = index;
  const type = RECORD_TYPES[columns.type[record]!]!;
  const time = `${columns.mtime[record]!}.${String(columns.nanoseconds[record]!).padStart(9, "0")}`;
  const link = toText(string(columns.link[record]!));
  // A hard link has what its file has.
  if (type === "hardlink") return { type, link, time: "" };
  const row = columns.attributes[record]!;
  const size = columns.size[record]!;
  return {
    type,
    ...(type === "symlink" && { link }),
    ...(type === "file" && { size: String(size) }),
    ...(type === "file" && size > 0 && { content: digest(columns.digest[record]!) }),
    permissions: columns.mode[row]!.toString(8),
    owner: `${columns.uid[row]!}:${columns.gid[row]!}`,
    device: `${columns.deviceMajor[row]!}:${columns.deviceMinor[row]!}`,
    attributes: [...unpackMap(index.blob(columns.xattrs[row]!))]
      .map(([name, value]) => `${toText(name)}=${toText(value)}`)
      .sort()
      .join(", "),
    time,
  };
}

function compareRecords(
  table: Described,
  layer: Described,
): Omit<TableDifference, "path"> | undefined {
  for (const [field, own] of Object.entries(layer)) {
    const told = table[field];
    if (own === undefined || told === own) continue;
    if (field === "time" && isRounded(table.time, layer.time)) continue;
    return { field, table: told ?? "none", layer: own };
  }
  return undefined;
}

/** eStargz keeps whole seconds, rounded. */
function isRounded(told: string, own: string): boolean {
  return told.endsWith(".000000000") && Math.abs(Number(told) - Number(own)) < 1;
}

function compareRemovals(table: LayerIndex, layer: LayerIndex): TableDifference | undefined {
  const [told, own] = [removalsOf(table), removalsOf(layer)];
  for (const path of own) {
    if (!told.has(path)) return { path, field: "a removal", table: "none", layer: "one" };
  }
  for (const path of told) {
    if (!own.has(path)) return { path, field: "a removal", table: "one", layer: "none" };
  }
  return undefined;
}

/** A removal of all that a directory has is its path with a slash. */
function removalsOf(index: LayerIndex): ReadonlySet<ByteString> {
  const directories = directoryPaths(index);
  const { columns, string } = index;
  return new Set(
    Array.from(
      columns.removalDirectory,
      (directory, at) =>
        `${directories[directory]!}/${string(columns.removalName[at]!)}` as ByteString,
    ),
  );
}
