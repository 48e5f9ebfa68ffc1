// SPDX-License-Identifier: MIT
import { isAtOrBelow, type LayerTraits } from "./layer-traits.ts";
import type { TreeDifference } from "./compare-applied.ts";

// The known differences between our trees and those of other programs. docs/differences.md explains each
// under the same name. The test fails on any difference that is not listed here.

/** What is known about the layers from which the trees were made. */
export interface StackFacts {
  /** The first call takes some milliseconds. */
  readonly traits: () => LayerTraits;
  /** When the other program started, in seconds since 1970. */
  readonly since: number;
}

/** A known difference and the conditions under which it occurs. */
export interface KnownDifference {
  /** Its heading in docs/differences.md. */
  readonly name: string;
  readonly peer: "umoci" | "docker" | "both";
  /** It may excuse any difference of a stack, not only certain fields of certain paths. */
  readonly isBroad?: boolean;
  explains(difference: TreeDifference, stack: StackFacts): boolean;
}

const METADATA: ReadonlySet<string> = new Set(["mode", "owner", "mtime", "xattrs"]);

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    name: "time of an implied directory",
    peer: "both",
    explains: ({ field, ours, theirs }, { since }) =>
      field === "mtime" &&
      ours?.type === "directory" &&
      theirs?.type === "directory" &&
      Number(theirs.mtime) >= since,
  },
  {
    name: "group of an implied directory",
    peer: "both",
    explains: ({ field, isImplied }, stack) =>
      isImplied && (field === "mode" || field === "owner") && stack.traits().hasSetgidDirectory,
  },
  {
    name: "attribute without a value",
    peer: "umoci",
    explains: ({ field, ours, theirs }) =>
      field === "xattrs" &&
      JSON.stringify(withoutEmpty(ours!.xattrs)) === JSON.stringify(theirs!.xattrs),
  },
  {
    name: "hard link in place of its target",
    peer: "both",
    explains: ({ said }, { traits }) =>
      /: link\b.*: (?:no such file or directory|operation not permitted)/.test(said ?? "") &&
      (traits().hasLinkOverTarget || traits().crossings.length > 0),
  },
  {
    name: "implied directory in place of a file",
    peer: "umoci",
    explains: ({ field, isImplied }, { traits }) =>
      isImplied && METADATA.has(field) && traits().crossings.length > 0,
  },
  {
    name: "order of removals in a layer",
    peer: "umoci",
    explains: ({ field, path, isImplied }, { traits }) => {
      const { crossings, renewed, hasLinkedMarker } = traits();
      const isRenewed = (at: string): boolean =>
        hasLinkedMarker || renewed.some((removed) => isAtOrBelow(at, removed));
      if (field === "refused") return false;
      if (METADATA.has(field)) return isImplied && isRenewed(path);
      return crossings.some(({ at }) => isRenewed(at));
    },
  },
  {
    name: "whiteout behind a loop of links",
    peer: "umoci",
    explains: ({ said }, { traits }) =>
      /too many levels of symbolic links|^we: .* symbolic links on the way/.test(said ?? "") &&
      traits().whiteouts.size > 0 &&
      traits().crossings.length > 0,
  },
  {
    name: "path through a link or a file",
    peer: "docker",
    isBroad: true,
    explains: (_, { traits }) => traits().crossings.length > 0,
  },
  {
    name: "path that a layer has and removes",
    peer: "docker",
    explains: ({ field, path, ours, theirs }, { traits }) => {
      const isRenewed = (at: string): boolean =>
        traits().renewed.some((removed) => isAtOrBelow(at, removed));
      if (field === "refused") return traits().renewed.length > 0;
      if (field !== "names" || isRenewed(path)) return isRenewed(path);
      return ours!.names.filter((name) => !theirs!.names.includes(name)).every(isRenewed);
    },
  },
  {
    name: "attributes of a directory",
    peer: "docker",
    explains: ({ field, ours, theirs }) =>
      field === "xattrs" &&
      ours!.type === "directory" &&
      Object.entries(ours!.xattrs).every(([key, value]) => theirs!.xattrs[key] === value),
  },
  {
    name: "directory and something else at one path",
    peer: "docker",
    explains: ({ field, path, theirs, said }, { traits }) =>
      said === undefined
        ? field === "mtime" && [path, ...theirs!.names].some((name) => traits().twice.has(name))
        : said.includes("UtimesNanoAt") && traits().twice.size > 0,
  },
  {
    name: "directory that comes back",
    peer: "docker",
    explains: ({ said }, { traits }) =>
      said?.includes("not a directory") === true && traits().hasReturn,
  },
  {
    name: "time before 1970",
    peer: "docker",
    explains: ({ field, ours, theirs }) =>
      field === "mtime" && Number(ours!.mtime) < 0 && Number(theirs!.mtime) === 0,
  },
  {
    name: "directory that only a whiteout names",
    peer: "docker",
    explains: ({ field, path, ours, theirs }, { traits }) =>
      field === "path" &&
      ours === undefined &&
      theirs?.type === "directory" &&
      traits().markedDirectories.has(path),
  },
  {
    name: "opaque root",
    peer: "docker",
    isBroad: true,
    explains: (_, { traits }) => traits().hasOpaqueRoot,
  },
];

function withoutEmpty(xattrs: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(xattrs).filter(([, value]) => value !== ""));
}
