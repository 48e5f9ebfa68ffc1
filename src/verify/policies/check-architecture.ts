// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { elfArchitecture, formatElf } from "../../elf/elf-header.ts";
import { hasProcessor } from "../image/check-machines.ts";
import { directoryOf, type Examination } from "../image/examination.ts";
import { CountedPaths } from "./counted-paths.ts";
import { treeAt, type Tree } from "./path-pattern.ts";
import type { ArchitecturePolicy } from "./policy.ts";
import type { BeginCheck, Reporter } from "./policy-check.ts";

/** Compares the machine of every ELF object in each tree with the tree's own, else the image's. */
export const beginArchitecture: BeginCheck<ArchitecturePolicy> = (policy, { root }, reporter) => {
  const trees = policy.trees.map(({ path, architecture }) => ({
    tree: treeAt(root, path),
    architecture,
  }));
  return {
    finish(examination) {
      for (const { tree, architecture } of trees) {
        const inner = trees.map((one) => one.tree).filter((one) => isInside(one, tree));
        checkTree(examination, tree, { architecture, inner, reporter });
      }
    },
  };
};

/** A tree inside another is judged by itself. */
function isInside(one: Tree, tree: Tree): boolean {
  return one.place !== tree.place && tree.holds(one.place);
}

interface Judgement {
  readonly architecture: string | undefined;
  readonly inner: readonly Tree[];
  readonly reporter: Reporter;
}

function checkTree(
  { survey, ...examination }: Examination,
  tree: Tree,
  { architecture = examination.architecture, inner, reporter }: Judgement,
): void {
  if (!tree.isThere) {
    reporter.tell("tree-missing", tree.path, "expected a tree there, got nothing");
    return;
  }
  const foreign = new CountedPaths();
  let compared = 0;
  for (const { path, header } of survey.objects) {
    if (header === undefined || !tree.holds(path) || inner.some(({ holds }) => holds(path))) {
      continue;
    }
    if (!hasProcessor(header)) continue;
    compared += 1;
    if (architecture === undefined || elfArchitecture(header) === architecture) continue;
    if (reporter.exempts(path)) continue;
    const place = directoryOf(path);
    foreign.add(`${formatElf(header)}\0${place}`, path);
  }
  if (compared === 0) {
    reporter.note(
      "tree-without-objects",
      tree.path,
      "no ELF object is there, so none was compared",
    );
  }
  for (const { first, fault, more } of foreign.told("in that directory")) {
    reporter.tell("tree-wrong-architecture", first, messageOf(architecture!, fault, more));
  }
}

function messageOf(expected: string, fault: string, more: string): string {
  const [got] = fault.split("\0") as [ByteString];
  return `expected ${expected}, got ${toText(got)}${more}`;
}
