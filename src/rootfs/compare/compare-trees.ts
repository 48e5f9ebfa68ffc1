// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import {
  compareNodes,
  type CompareNodesOptions,
  type FieldDifference,
  type NodeComparison,
} from "./compare-nodes.ts";
import type { Node, RootFilesystem } from "../root-filesystem.ts";
import { comparePaths, pairTrees, type PathPair } from "../walk-filesystem.ts";

/** A path at which two root filesystems differ. */
export interface Difference {
  readonly path: ByteString;
  /** `missing`: expected but not there; `unexpected`: there but not expected. */
  readonly kind: "missing" | "unexpected" | "different";
  /** Empty unless `different`. */
  readonly fields: readonly FieldDifference[];
}

/**
 * The result of a comparison. The two trees are the same only if there are no `differences`, nothing is
 * `undecided`, and `compared` is not 0.
 */
export interface Comparison {
  /** How many paths exist in at least one of the two trees. */
  readonly compared: number;
  /** In the order of {@link comparePaths}. */
  readonly differences: readonly Difference[];
  /**
   * Files of equal size that could not be compared by digest because one side has none (a layer's index
   * has none for files that are mostly holes). Read both to compare them.
   */
  readonly undecided: readonly ByteString[];
}

/** Options of {@link compareTrees}. */
export interface CompareTreesOptions extends CompareNodesOptions {
  /** Called after each path with the number of paths compared so far. An error it throws ends the comparison. */
  readonly onCompared?: ((compared: number) => void) | undefined;
}

/**
 * Compares two root filesystems path by path, synchronously: type, mode, numeric owner, time, link target,
 * device numbers, size, content by digest, extended attributes, and which paths are one file.
 * @throws whatever the two filesystems throw
 */
export function compareTrees(
  expected: RootFilesystem,
  actual: RootFilesystem,
  options: CompareTreesOptions = {},
): Comparison {
  return comparePairs(pairTrees(expected, actual), options);
}

/**
 * Compares what two root filesystems have at these paths, as {@link compareTrees} does. Each path comes once; of a file with
 * several names all come or none.
 * @throws what the iteration throws
 */
export function comparePairs(
  pairs: Iterable<PathPair>,
  options: CompareTreesOptions = {},
): Comparison {
  const found = createFindings();
  const names = createNameComparer();
  let compared = 0;
  for (const [path, one, other] of pairs) {
    if (one !== undefined && other !== undefined) {
      found.addNodes(path, compareNodes(path, one, other, options));
      names.add(path, one, other);
    } else {
      found.addWhole(path, other === undefined ? "missing" : "unexpected");
    }
    compared += 1;
    options.onCompared?.(compared);
  }
  if (options.ignore?.includes("names") !== true) found.addNames(names);
  return { compared, differences: found.differences(), undecided: found.undecided };
}

/** Collects differences, in whatever order they are found. */
export interface Findings {
  add(path: ByteString, field: FieldDifference): void;
  addWhole(path: ByteString, kind: "missing" | "unexpected"): void;
  addNodes(path: ByteString, compared: NodeComparison): void;
  addNames(names: NameComparer): void;
  readonly undecided: readonly ByteString[];
  /** All differences, sorted by {@link comparePaths}. */
  differences(): Difference[];
}

/** Starts an empty collection of differences. */
export function createFindings(): Findings {
  const found = new Map<ByteString, Difference & { readonly fields: FieldDifference[] }>();
  const undecided: ByteString[] = [];
  const add = (path: ByteString, field: FieldDifference): void => {
    const known = found.get(path);
    if (known === undefined) found.set(path, { path, kind: "different", fields: [field] });
    else known.fields.push(field);
  };
  return {
    add,
    addWhole: (path, kind) => void found.set(path, { path, kind, fields: [] }),
    addNodes(path, compared) {
      for (const field of compared.fields) add(path, field);
      if (compared.undecided) undecided.push(path);
    },
    addNames(names) {
      for (const [path, field] of names.differences()) add(path, field);
    },
    undecided,
    differences: () => [...found.values()].sort((a, b) => comparePaths(a.path, b.path)),
  };
}

/** Among the paths that both sides have, finds hard links that exist on one side only. */
export interface NameComparer {
  add(path: ByteString, expected: Node, actual: Node): void;
  differences(): [ByteString, FieldDifference][];
}

/** Starts a {@link NameComparer}. */
export function createNameComparer(): NameComparer {
  const [expectedNames, actualNames] = [createNames(), createNames()];
  return {
    add(path, expected, actual) {
      if (expected.type === "directory" || actual.type === "directory") return;
      expectedNames.add(path, expected);
      actualNames.add(path, actual);
    },
    differences() {
      const shared = new Set([...expectedNames.shared(), ...actualNames.shared()]);
      const found: [ByteString, FieldDifference][] = [];
      for (const path of shared) {
        const [ones, others] = [expectedNames.of(path), actualNames.of(path)];
        if (ones.join("\0") === others.join("\0")) continue;
        const [expected, got] = [showNames(ones), showNames(others)];
        found.push([path, { field: "names", expected, got }]);
      }
      return found;
    },
  };
}

interface Names {
  add(path: ByteString, node: Node): void;
  /** Every path whose file has another name too. */
  shared(): Iterable<ByteString>;
  /** All names of the file at this path. */
  of(path: ByteString): readonly ByteString[];
}

function createNames(): Names {
  const firsts = new Map<Node, ByteString>();
  /** For each file with several names: the list of its names, stored under each of them. */
  const groups = new Map<ByteString, ByteString[]>();
  return {
    add(path, node) {
      if (node.linkCount === 1) return;
      const first = firsts.get(node);
      if (first === undefined) {
        firsts.set(node, path);
        return;
      }
      const group = groups.get(first) ?? [first];
      group.push(path);
      groups.set(first, group).set(path, group);
    },
    shared: () => groups.keys(),
    of: (path) => groups.get(path) ?? [path],
  };
}

const MOST_NAMES = 8;

function showNames(names: readonly ByteString[]): string {
  const shown = names.slice(0, MOST_NAMES).map(toText).join(", ");
  return names.length > MOST_NAMES ? `${shown}, … (${names.length} names)` : shown;
}

/** A difference as one line for people, without a newline. Names are escaped. */
export function formatDifference({ path, kind, fields }: Difference): string {
  if (kind !== "different") return `${toText(path)}: ${kind}`;
  const parts = fields.map(
    ({ field, expected, got }) => `${field}: expected ${expected}, got ${got}`,
  );
  return `${toText(path)}: ${parts.join("; ")}`;
}
