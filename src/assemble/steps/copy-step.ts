// SPDX-License-Identifier: MIT
import { type ByteString, fromText } from "../../bytes/byte-string.ts";
import { nameOf } from "../../layer/path-parts.ts";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import { type FoundPath, findPaths } from "./find-paths.ts";
import { type Glob, compileGlob } from "../../rootfs/glob.ts";
import type { LayerPlan } from "./layer-draft.ts";
import { type ArtifactTree, copyNode, makeNode } from "./planned-entry.ts";
import type { CopyStep } from "../recipe/recipe.ts";
import { joinPath, quotePath, recipePath } from "../recipe/recipe-path.ts";
import type { AssembleWarning } from "../assemble-options.ts";

/** What planning a step needs besides the plan that it changes. */
export interface StepContext {
  readonly trees: ReadonlyMap<string, ArtifactTree>;
  readonly sourceDateEpoch: number | undefined;
  readonly warn: (kind: AssembleWarning["kind"], layer: string, message: string) => void;
}

/**
 * Plans copying everything that a step's path names. Each alternative in braces is looked up by itself and
 * may be missing by itself.
 * @throws OciError `invalid-recipe`, `missing-input` if nothing is there, unless the step allows that
 */
export function planCopy(plan: LayerPlan, step: CopyStep, context: StepContext): void {
  const tree = context.trees.get(step.from);
  if (tree === undefined) {
    const known = [...context.trees.keys()].join(", ") || "none";
    throw new OciError(
      "invalid-recipe",
      `layer ${plan.name}: copy ${step.path}: expected from to name an artifact (${known}), got ${JSON.stringify(step.from)}`,
    );
  }
  const where = `layer ${plan.name}: copy`;
  const to = step.to === undefined ? undefined : recipePath(step.to, `${where} to`);
  const excludes = (step.exclude ?? []).flatMap((pattern) =>
    compileGlob(fromText(pattern)).map((glob) => ({ pattern, glob })),
  );
  const used = new Set<string>();
  for (const glob of compileGlob(recipePath(step.path, where))) {
    const found = findPaths(tree.root, glob);
    if (found.length === 0) planMissing(plan, step, tree, glob, context);
    for (const match of found) {
      const copy: Copy = { plan, step, tree, context, excludes, used, start: startOf(glob, match) };
      copyTree(copy, match.canonical, destinationOf(step, to, glob, match.path));
    }
  }
  for (const pattern of step.exclude ?? []) {
    if (used.has(pattern)) continue;
    const message = `copy ${step.path} from ${step.from}: exclude ${quote(pattern)} leaves out nothing`;
    context.warn("missing-path", plan.name, message);
  }
}

interface Copy {
  readonly plan: LayerPlan;
  readonly step: CopyStep;
  readonly tree: ArtifactTree;
  readonly context: StepContext;
  readonly excludes: readonly { readonly pattern: string; readonly glob: Glob }[];
  /** Gets each exclude pattern that left something out. */
  readonly used: Set<string>;
  /** The path that relative excludes are relative to. */
  readonly start: ByteString;
}

function startOf(glob: Glob, match: FoundPath): ByteString {
  if (glob.literal) return match.canonical;
  const below = match.path.length - glob.prefix.length;
  return match.canonical.slice(0, match.canonical.length - below) as ByteString;
}

function destinationOf(
  step: CopyStep,
  to: ByteString | undefined,
  glob: Glob,
  path: ByteString,
): ByteString {
  if (to === undefined) return path;
  return !glob.literal || step.to?.endsWith("/") ? joinPath(to, nameOf(path)) : to;
}

function copyTree(copy: Copy, path: ByteString, destination: ByteString): void {
  const { plan, step, tree, context } = copy;
  const pending: (readonly [ByteString, ByteString])[] = [[path, destination]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [from, to] = next;
    const node = tree.root.lstat(from);
    if (node === undefined || isExcluded(copy, from)) continue;
    refuseSocket(plan, tree, from, node);
    plan.put(
      to,
      {
        node: copyNode(node, step, context.sourceDateEpoch),
        copied: { tree, path: from, node },
        content: undefined,
        implied: false,
      },
      tree,
    );
    if (node.type !== "directory") continue;
    for (const name of tree.root.list(from)) {
      const below = joinPath(from, name);
      pending.push([below, from === to ? below : joinPath(to, name)]);
    }
  }
}

function isExcluded(copy: Copy, path: ByteString): boolean {
  const relative = path.slice(copy.start === "/" ? 1 : copy.start.length + 1) as ByteString;
  const excluding = copy.excludes.filter(({ glob }) =>
    glob.matches(glob.pattern.startsWith("/") ? path : relative),
  );
  for (const { pattern } of excluding) copy.used.add(pattern);
  return excluding.length > 0;
}

function refuseSocket(plan: LayerPlan, tree: ArtifactTree, path: ByteString, node: Node): void {
  if (node.type !== "socket") return;
  throw new OciError(
    "invalid-recipe",
    `layer ${plan.name}: ${tree.root.name}: ${quotePath(path)}: expected what a layer can hold, got a socket`,
    { details: { layer: plan.name, path }, hint: "Exclude it." },
  );
}

function planMissing(
  plan: LayerPlan,
  step: CopyStep,
  tree: ArtifactTree,
  glob: Glob,
  context: StepContext,
): void {
  // Warnings are stored in the image, so they must not reveal where the artifact is on this machine.
  const lacks = (artifact: string): string =>
    `layer ${plan.name}: artifact ${artifact} has no ${quotePath(glob.pattern)}`;
  switch (step.missing) {
    case "warn": {
      context.warn("missing-path", plan.name, lacks(step.from));
      return;
    }
    case "directory": {
      const to = step.to === undefined ? undefined : recipePath(step.to, "to");
      const directory = glob.literal
        ? destinationOf(step, to, glob, glob.pattern)
        : (to ?? glob.prefix);
      const mode = step.mode?.directories ?? 0o755;
      const node = makeNode({ type: "directory", mode, owner: step.owner });
      if (plan.lookup(directory)?.type === "directory") return;
      plan.put(directory, { node, copied: undefined, content: undefined, implied: false });
      return;
    }
    case "error":
    case undefined:
      throw new OciError("missing-input", lacks(`${step.from} (${tree.root.name})`), {
        details: { layer: plan.name, artifact: step.from, path: glob.pattern },
        hint: "Correct the path, or give the step missing: warn or missing: directory.",
      });
  }
}
