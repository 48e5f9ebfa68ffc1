// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { opaquePath, whiteoutPath } from "../../layer/whiteout.ts";
import { RECORD_TYPES, type LayerIndex } from "../layer-index/layer-index.ts";
import { LayerNode } from "../merge/layer-node.ts";
import { directoryPaths } from "../layer-index/directory-paths.ts";
import type { Node } from "../root-filesystem.ts";
import type { ReasonCode, Reasons } from "./reason.ts";

/**
 * Adds in which entries two layers differ, and whether these come in another order. Returns whether they differ in
 * anything that an index knows.
 */
export function explainEntries(one: LayerIndex, other: LayerIndex, reasons: Reasons): boolean {
  const [first, second] = [entriesOf(one), entriesOf(other)];
  let differs = false;
  const add: Reasons["add"] = (code, found) => {
    differs = true;
    reasons.add(code, found);
  };
  for (const [path, record] of first) {
    const there = second.get(path);
    if (there === undefined) add("only-in-one", { path });
    else compareRecords(path, record, there, add);
  }
  for (const path of second.keys()) if (!first.has(path)) add("only-in-other", { path });
  const displaced = firstDisplaced(first, second);
  if (displaced !== undefined) add("order", displaced);
  return differs;
}

/** What a layer has at a path: a node, or a removal. */
type LayerRecord = LayerNode | "whiteout";

function entriesOf(index: LayerIndex): ReadonlyMap<ByteString, LayerRecord> {
  const { columns, counts, string } = index;
  const directories = directoryPaths(index);
  const layer = { number: 0, index, linked: new Set<number>() };
  const entries = new Map<ByteString, LayerRecord>();
  for (let record = 0; record < counts.records; record += 1) {
    const path = `${directories[columns.directory[record]!]!}/${string(columns.name[record]!)}`;
    // The last one of a path counts, and stands where it is.
    entries.delete(path as ByteString);
    entries.set(path as ByteString, new LayerNode(layer, record));
  }
  for (const [at, id] of columns.removalDirectory.entries()) {
    const directory = directories[id]!;
    const name = string(columns.removalName[at]!);
    const path =
      name === ""
        ? opaquePath(directory as ByteString)
        : whiteoutPath(`${directory}/${name}` as ByteString);
    entries.set(`/${path}` as ByteString, "whiteout");
  }
  return entries;
}

function compareRecords(
  path: ByteString,
  one: LayerRecord,
  other: LayerRecord,
  add: Reasons["add"],
): void {
  if (one === "whiteout" || other === "whiteout") return;
  for (const [code, textOf] of FIELDS) {
    const [here, there] = [textOf(one), textOf(other)];
    if (here !== there) add(code, { path, one: here, other: there });
  }
}

const FIELDS: readonly (readonly [ReasonCode, (node: LayerNode) => string])[] = [
  ["type", (node) => RECORD_TYPES[node.layer.index.columns.type[node.record]!]!],
  ["mode", (node) => node.mode.toString(8).padStart(4, "0")],
  ["owner", (node) => `${node.uid}:${node.gid}`],
  ["owner-name", (node) => `${node.userName}:${node.groupName}`],
  ["time", timeText],
  ["link", (node) => node.linkTarget],
  ["device", (node) => `${node.deviceMajor}, ${node.deviceMinor}`],
  ["size", (node) => String(node.size)],
  ["content", (node) => node.contentDigest ?? ""],
  ["xattrs", (node) => recordsText(node.xattrs)],
  ["pax-record", (node) => recordsText(node.extensions)],
];

function timeText({ mtime, mtimeNanoseconds }: Node): string {
  const fraction = mtimeNanoseconds === 0 ? "" : `.${String(mtimeNanoseconds).padStart(9, "0")}`;
  return `${mtime}${fraction}`;
}

function recordsText(records: ReadonlyMap<ByteString, ByteString>): string {
  return Array.from(records, ([name, value]) => `${name}=${value}`).join(" ");
}

interface Displaced {
  readonly one: string;
  readonly other: string;
}

/** The first place where the entries that both have come in another order. Removals have no place. */
function firstDisplaced(
  one: ReadonlyMap<ByteString, LayerRecord>,
  other: ReadonlyMap<ByteString, LayerRecord>,
): Displaced | undefined {
  const second = commonPaths(other, one);
  for (const path of commonPaths(one, other)) {
    const there = second.next().value;
    if (there !== undefined && there !== path) return { one: path, other: there };
  }
  return undefined;
}

function* commonPaths(
  of: ReadonlyMap<ByteString, LayerRecord>,
  and: ReadonlyMap<ByteString, LayerRecord>,
): Generator<ByteString, undefined> {
  for (const [path, record] of of) {
    const there = and.get(path);
    if (record !== "whiteout" && there !== undefined && there !== "whiteout") yield path;
  }
  return undefined;
}
