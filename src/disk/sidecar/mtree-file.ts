// SPDX-License-Identifier: MIT
import { fromBytes, type ByteString } from "../../bytes/byte-string.ts";
import { nameOf, parentOf } from "../../layer/path-parts.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import { indexMtree, NEWLINE, notUnderstood, type MtreeIndex } from "./mtree-index.ts";
import { parseEntry, type MtreeEntry } from "./parse-mtree.ts";

/** The content of `tree.mtree`. The keywords of an entry are parsed when its node is asked for. */
export interface MtreeFile extends Pick<MtreeIndex, "names" | "types" | "ends"> {
  /** The number of the entry at a path, from 0. */
  readonly numberOf: (path: ByteString) => number | undefined;
  /** The names in a directory, sorted by bytes; none for another entry. */
  readonly namesIn: (number: number) => readonly ByteString[];
  /**
   * All names of one file have the same node; otherwise each call makes a new one.
   * @throws OciError `invalid-sidecar` that says which line is not as this library writes it
   */
  readonly node: (number: number) => Node;
}

/** Opens the content of `tree.mtree`. @throws OciError `invalid-sidecar` that says which line */
export function openMtree(text: Uint8Array): MtreeFile {
  const index = indexMtree(text);
  const { names, types, ends } = index;
  const numberOf = createFinder(index);
  /** The nodes of files with several names, by the number of the first name. */
  const shared = new Map<number, Node>();
  const readFirst = (number: number): Node | undefined => {
    const { node, link } = readEntry(text, index, number);
    if (link !== undefined || node.linkCount === 1) return undefined;
    shared.set(number, node);
    return node;
  };
  return {
    names,
    types,
    ends,
    numberOf,
    namesIn: (number) => numbersIn(index, number).map((child) => names[child]!),
    node(number) {
      const known = shared.get(number);
      if (known !== undefined) return known;
      const { node, link } = readEntry(text, index, number);
      if (link === undefined) {
        if (node.linkCount !== 1) shared.set(number, node);
        return node;
      }
      const first = numberOf(link) ?? number;
      const found = shared.get(first) ?? (first < number ? readFirst(first) : undefined);
      if (found?.type === node.type) return found;
      throw notUnderstood(text, text.indexOf(NEWLINE, index.starts[number]) + 1);
    },
  };
}

function readEntry(text: Uint8Array, { starts }: MtreeIndex, number: number): MtreeEntry {
  const start = starts[number]!;
  const entry = fromBytes(text, start, starts[number + 1]! - 1);
  const lines = entry.includes("\n") ? entry.split("\n") : [entry];
  return parseEntry(lines, (line) => {
    const before = lines.slice(0, line).reduce((sum, { length }) => sum + length + 1, 0);
    return notUnderstood(text, start + before);
  });
}

/** The numbers of the entries in a directory, in their order. */
function numbersIn({ ends }: MtreeIndex, directory: number): number[] {
  const found: number[] = [];
  const end = ends[directory] ?? 0;
  for (let next = directory + 1; next < end; next = ends[next]!) found.push(next);
  return found;
}

/** Finds the numbers of paths. A directory's names are put into a map when something in it is first looked for. */
function createFinder(index: MtreeIndex): (path: ByteString) => number | undefined {
  const { names } = index;
  const children = new Map<number, Map<string, number>>();
  const numberIn = (directory: number, name: string): number | undefined => {
    let known = children.get(directory);
    if (known === undefined) {
      known = new Map();
      for (const number of numbersIn(index, directory)) known.set(names[number]!, number);
      children.set(directory, known);
    }
    return known.get(name);
  };
  /** The directory of the last path: the next one is usually in the same. */
  let last: { readonly path: ByteString; readonly number: number | undefined } | undefined;
  const directoryAt = (path: ByteString): number | undefined => {
    let number: number | undefined = names.length > 0 ? 0 : undefined;
    for (const name of path.split("/")) {
      if (name !== "" && number !== undefined) number = numberIn(number, name);
    }
    return number;
  };
  return (path) => {
    const directory = parentOf(path);
    if (last?.path !== directory) last = { path: directory, number: directoryAt(directory) };
    if (path === "/" || last.number === undefined) return last.number;
    return numberIn(last.number, nameOf(path));
  };
}
