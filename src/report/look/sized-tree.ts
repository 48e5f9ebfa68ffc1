// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { nameOf } from "../../layer/path-parts.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import type { DescribedFilesystem } from "../../rootfs/look/describe-entries.ts";
import { walkFilesystem } from "../../rootfs/walk-filesystem.ts";

/** A file or directory with what it takes, itself and all below. */
export interface SizedEntry {
  readonly name: ByteString;
  readonly isDirectory: boolean;
  /** Bytes of content. A file with several names counts at the first of them. */
  bytes: number;
  /** Names, itself included. */
  entries: number;
  /** The layer that most of its bytes come from, from 0; undefined in a plain directory, and where no layer names it. */
  layer: number | undefined;
  /** By name, in the order of their bytes. Empty for what is no directory. */
  readonly children: ReadonlyMap<ByteString, SizedEntry>;
}

/** Measures every file and directory of a root filesystem. @throws what the root throws */
export function measureTree(root: DescribedFilesystem): SizedEntry {
  const counted = new Set<Node>();
  const stack: Open[] = [];
  let top: Open | undefined;
  for (const [path, node] of walkFilesystem(root)) {
    while (stack.length > 0 && !isBelow(path, stack.at(-1)!.path)) close(stack);
    const bytes = node.linkCount !== 1 && counted.has(node) ? 0 : node.size;
    if (node.type === "file" && node.linkCount !== 1) counted.add(node);
    const entry = openEntry(path, node, bytes, root.location?.(node)?.layer);
    stack.at(-1)?.children.set(entry.entry.name, entry.entry);
    top ??= entry;
    stack.push(entry);
  }
  while (stack.length > 0) close(stack);
  return (top ?? openEntry(ROOT, undefined, 0, undefined)).entry;
}

/** An entry whose children are still coming. */
interface Open {
  readonly path: ByteString;
  readonly entry: SizedEntry;
  readonly children: Map<ByteString, SizedEntry>;
  /** Its bytes by the layer that they come from. */
  readonly byLayer: Map<number, number>;
}

const ROOT = "/" as ByteString;
/** Of what has no children, all share one. */
const NONE: Map<ByteString, SizedEntry> = new Map();
const NO_LAYERS: Map<number, number> = new Map();

function openEntry(
  path: ByteString,
  node: Node | undefined,
  bytes: number,
  layer: number | undefined,
): Open {
  const isDirectory = node === undefined || node.type === "directory";
  const children = isDirectory ? new Map<ByteString, SizedEntry>() : NONE;
  const name = path === "/" ? path : nameOf(path);
  const byLayer = isDirectory ? new Map<number, number>() : NO_LAYERS;
  const entry = { name, isDirectory, bytes, entries: 1, layer, children };
  return { path, entry, children, byLayer };
}

/** Adds the last entry of the stack, which is complete now, to its directory. */
function close(stack: Open[]): void {
  const { entry, byLayer } = stack.pop()!;
  const most = [...byLayer].reduce((one, other) => (other[1] > one[1] ? other : one), [-1, 0]);
  if (most[1] > 0) entry.layer = most[0];
  const above = stack.at(-1);
  if (above === undefined) return;
  above.entry.bytes += entry.bytes;
  above.entry.entries += entry.entries;
  const { layer, isDirectory, bytes } = entry;
  const shares = isDirectory
    ? byLayer
    : layer === undefined
      ? NO_LAYERS
      : [[layer, bytes] as const];
  for (const [number, share] of shares) {
    above.byLayer.set(number, (above.byLayer.get(number) ?? 0) + share);
  }
}

function isBelow(path: ByteString, directory: ByteString): boolean {
  return directory === "/" || path.startsWith(`${directory}/`);
}

/** Every entry with its path: parents before children. */
export function* walkSized(
  top: SizedEntry,
): Generator<readonly [path: ByteString, entry: SizedEntry]> {
  const pending: (readonly [ByteString, SizedEntry])[] = [[ROOT, top]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    yield next;
    const [path, { children }] = next;
    for (const [name, child] of children) pending.push([joinPath(path, name), child]);
  }
}

/** The path of a name in a directory. */
export function joinPath(directory: ByteString, name: ByteString): ByteString {
  return (directory === "/" ? `/${name}` : `${directory}/${name}`) as ByteString;
}
