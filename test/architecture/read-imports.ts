// SPDX-License-Identifier: MIT
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, posix } from "node:path";

/**
 * The imports of a source file, including those of types. All paths are relative to the folder that was read.
 */
export interface FileImports {
  readonly file: string;
  /** The imported source files. An import by a `#` name gives every file that the name can stand for. */
  readonly files: readonly string[];
  /** Packages and modules of Node, as written. */
  readonly packages: readonly string[];
}

const IMPORT = /(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)"([^"]+)"/gm;
const COMMENT_LINE = /^\s*(?:\*|\/\/|\/\*).*$/gm;

/** The files for each `#` name by which they are imported. */
export type SubpathImports = Readonly<Record<string, readonly string[]>>;

/** Reads the static and dynamic imports of every source file below a folder, except tests. */
export function readImports(folder: string, subpaths: SubpathImports = {}): FileImports[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .sort()
    .map((file) => {
      const text = readFileSync(join(folder, file), "utf8").replaceAll(COMMENT_LINE, "");
      const written = [...text.matchAll(IMPORT)].map((match) => match[1]!);
      return {
        file,
        files: written.flatMap((name) =>
          name.startsWith(".") ? posix.join(dirname(file), name) : (subpaths[name] ?? []),
        ),
        packages: written.filter((name) => !name.startsWith(".") && !(name in subpaths)),
      };
    });
}

/** The module of a file: the first folder of its path. Empty for a file outside any folder. */
export function moduleOf(file: string): string {
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : "";
}

/** The folder of a file inside its module. Undefined for a file at the root of its module. */
export function innerFolderOf(file: string): string | undefined {
  const folder = dirname(file);
  return folder.includes("/") ? folder : undefined;
}

/** For each name, the names that it imports. Nothing imports itself. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** Makes the graph between groups of files. A file without a group is left out. */
export function groupImports(
  imports: readonly FileImports[],
  groupOf: (file: string) => string | undefined,
): Graph {
  const graph = new Map<string, Set<string>>();
  for (const { file, files } of imports) {
    const from = groupOf(file);
    if (from === undefined) continue;
    const known = graph.get(from) ?? new Set<string>();
    graph.set(from, known);
    for (const to of files.map(groupOf)) if (to !== undefined && to !== from) known.add(to);
  }
  return graph;
}

/** Finds the circles of a graph, each written as `a -> b -> a`. */
export function findCircles(graph: Graph): string[] {
  const circles = new Map<string, string>();
  for (const start of graph.keys()) {
    const circle = findWayBack(graph, start);
    const members = circle && [...new Set(circle)].sort().join(" ");
    if (members !== undefined && !circles.has(members)) circles.set(members, circle!.join(" -> "));
  }
  return [...circles.values()];
}

/** The shortest way from a name back to itself. */
function findWayBack(graph: Graph, start: string): string[] | undefined {
  const ways: string[][] = [[start]];
  const seen = new Set<string>();
  for (const way of ways) {
    for (const next of graph.get(way.at(-1)!) ?? []) {
      if (next === start) return [...way, next];
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return undefined;
}
