// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import type { Entry } from "../../layer/entry.ts";
import { writeLayer, type LayerInput } from "../../layer/write-layer.ts";
import type { Limits } from "../../oci/limits.ts";
import { readPlanned } from "../contents/read-planned.ts";
import { planExport, type ExportedNode } from "./export-plan.ts";
import type { ImageFilesystem } from "../image-filesystem.ts";
import { entriesOf, entryOf } from "./node-entries.ts";

export interface ExportTreeOptions extends AbortOptions {
  /** Default: the limits with which the filesystem was opened. */
  readonly limits?: Partial<Limits> | undefined;
  /** Called for each entry that is written, with the size of its content. Never awaited. */
  readonly onEntry?: ((path: ByteString, size: number) => void) | undefined;
}

/**
 * The merged filesystem of an image as one tar: no whiteouts, hard links kept, every path once with its
 * final metadata. It reads each layer that holds content of the tree once, and no other layer. The order
 * is chosen to make that possible, and depends on the image alone:
 *
 * - the layers from the lowest up, and from each what the tree still has of it, in the order of its entries;
 * - before an entry the directories on its path that were not written yet, with their final metadata;
 * - after it the hard links to it, sorted by bytes; the content is under the first of its names;
 * - at the end the directories that no layer names and that are empty.
 *
 * The root is written only if a layer names it. Contents are verified when the tar is read to its end:
 * each layer that is read, by its digest and diffID.
 * @throws OciError while reading: what the store, decompression and the parser throw; `invalid-layer`
 * when a layer differs from its index
 */
export function exportTree(filesystem: ImageFilesystem, options: ExportTreeOptions = {}): Bytes {
  const { limits = filesystem.limits } = options;
  return writeLayer(exportEntries(filesystem, options), { limits });
}

async function* exportEntries(
  filesystem: ImageFilesystem,
  options: ExportTreeOptions,
): AsyncGenerator<LayerInput, void, undefined> {
  const { signal, limits = filesystem.limits } = options;
  const { contents, implied } = planExport(filesystem);
  const order = createOrder(filesystem, options);
  const source = { image: filesystem.image, limits };
  for await (const { wants, content } of readPlanned(source, contents, { signal })) {
    for (const exported of wants) yield* order.entries(exported, content);
  }
  for (const path of implied) yield* order.directory(path);
}

/** Puts entries in order: parents first, each directory once. */
interface Order {
  entries(exported: ExportedNode, content: Bytes | undefined): Iterable<LayerInput>;
  /** A directory, unless it was written already. */
  directory(path: ByteString): Iterable<LayerInput>;
}

function createOrder(filesystem: ImageFilesystem, { onEntry }: ExportTreeOptions): Order {
  const done = new Set<ByteString>();
  const write = (path: ByteString, entry: Entry, content?: Bytes): LayerInput => {
    onEntry?.(path, entry.size);
    return { entry, content };
  };
  /** The directories on the way to a path that were not written yet. A written one has its parents before it. */
  function* parents(path: ByteString): Generator<LayerInput> {
    const missing: ByteString[] = [];
    for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
      const parent = path.slice(0, slash) as ByteString;
      if (done.has(parent)) break;
      missing.push(parent);
    }
    for (const parent of missing.reverse()) {
      done.add(parent);
      yield write(parent, entryOf(filesystem.lstat(parent)!, parent));
    }
  }
  function* directory(path: ByteString): Generator<LayerInput> {
    if (done.has(path)) return;
    yield* parents(path);
    done.add(path);
    yield write(path, entryOf(filesystem.lstat(path)!, path));
  }
  function* entries(
    { node, paths }: ExportedNode,
    content: Bytes | undefined,
  ): Generator<LayerInput> {
    if (node.type === "directory") {
      yield* directory(paths[0]!);
      return;
    }
    for (const [at, entry] of entriesOf(node, paths).entries()) {
      yield* parents(paths[at]!);
      yield write(paths[at]!, entry, at === 0 ? content : undefined);
    }
  }
  return { entries, directory };
}
