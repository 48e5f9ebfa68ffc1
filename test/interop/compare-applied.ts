// SPDX-License-Identifier: MIT
import type { Applied } from "./apply-with-peers.ts";
import type { Fact } from "./tree-facts.ts";

/** One difference between two trees of the same layers. */
export interface TreeDifference {
  /** `path`: only one of the trees has it. `refused`: only one of the two programs made a tree. */
  readonly field: keyof Fact | "path" | "refused";
  readonly path: string;
  readonly ours: Fact | undefined;
  readonly theirs: Fact | undefined;
  /** The error message of the one that refused. */
  readonly said: string | undefined;
  /** Our tree has a directory at the path that no layer names. */
  readonly isImplied: boolean;
}

/** All differences between two trees of the same layers. When both programs refuse, there are none. */
export function compareApplied(ours: Applied, theirs: Applied): TreeDifference[] {
  const none = { ours: undefined, theirs: undefined, isImplied: false };
  if ("refused" in ours || "refused" in theirs) {
    if ("refused" in ours && "refused" in theirs) return [];
    const said =
      "refused" in ours ? `we: ${ours.refused}` : (theirs as { refused: string }).refused;
    return [{ field: "refused", path: "/", said, ...none }];
  }
  const paths = new Set([...Object.keys(ours.facts), ...Object.keys(theirs.facts)]);
  return [...paths].flatMap((path): TreeDifference[] => {
    const facts = { ours: ours.facts[path], theirs: theirs.facts[path] };
    const common = { path, said: undefined, isImplied: ours.implied.has(path), ...facts };
    if (facts.ours === undefined || facts.theirs === undefined) {
      return [{ field: "path", ...common }];
    }
    return FIELDS.filter(
      (field) => JSON.stringify(facts.ours![field]) !== JSON.stringify(facts.theirs![field]),
    ).map((field) => ({ field, ...common }));
  });
}

const FIELDS = ["type", "mode", "owner", "mtime", "content", "xattrs", "names"] as const;
