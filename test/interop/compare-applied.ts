// SPDX-License-Identifier: MIT
import type { Applied } from "./apply-with-peers.ts";
import type { Fact } from "./tree-facts.ts";

/** One thing that two trees of the same layers disagree on. */
export interface TreeDifference {
  /** `path`: only one of the trees has it. `refused`: one of the two made no tree. */
  readonly field: keyof Fact | "path" | "refused";
  readonly path: string;
  readonly ours: Fact | undefined;
  readonly theirs: Fact | undefined;
  /** Why one of the two refused. */
  readonly said: string | undefined;
  /** No layer names the directory that we have at the path. */
  readonly isImplied: boolean;
}

/** All that two trees of the same layers disagree on. When both refuse, they agree. */
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
