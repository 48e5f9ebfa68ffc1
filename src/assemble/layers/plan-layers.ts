// SPDX-License-Identifier: MIT
import { type ByteString, fromText } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { planAlternative } from "../steps/alternative-step.ts";
import { checkLayers } from "./check-layers.ts";
import { type StepContext, planCopy } from "../steps/copy-step.ts";
import { type LayerPlan, createLayerPlan } from "../steps/layer-draft.ts";
import { type PlannedEntry, makeNode } from "../steps/planned-entry.ts";
import type { FileStep, LayerRecipe, LinkStep, Step } from "../recipe/recipe.ts";
import { quotePath, recipePath } from "../recipe/recipe-path.ts";

/**
 * Works out what every layer will hold, each from the base and its own steps alone, then checks that the
 * layers fit on top of each other.
 * @throws OciError `invalid-recipe`, `missing-input`
 */
export async function planLayers(
  layers: readonly LayerRecipe[],
  base: RootFilesystem,
  context: StepContext,
): Promise<readonly LayerPlan[]> {
  const plans: LayerPlan[] = [];
  const removals: Removal[] = [];
  for (const layer of layers) {
    if (plans.some((plan) => plan.name === layer.name)) {
      throw new OciError(
        "invalid-recipe",
        `layers: expected each name once, got ${JSON.stringify(layer.name)} twice`,
      );
    }
    const plan = createLayerPlan(layer.name, base);
    for (const step of layer.steps) await planStep(plan, step, base, context, removals);
    plans.push(plan);
  }
  checkLayers(plans);
  for (const { plan, path } of removals) {
    const below = plans.slice(0, plans.indexOf(plan));
    if (below.some((other) => other.entries.has(path))) continue;
    const message = `layer ${plan.name}: nothing to remove at ${quotePath(path)}`;
    context.warn("nothing-to-remove", plan.name, message);
  }
  return plans;
}

/** A removal of a path that neither the base nor its own layer has. An earlier layer may have it. */
interface Removal {
  readonly plan: LayerPlan;
  readonly path: ByteString;
}

async function planStep(
  plan: LayerPlan,
  step: Step,
  base: RootFilesystem,
  context: StepContext,
  removals: Removal[],
): Promise<void> {
  const where = `layer ${plan.name}: ${step.kind}`;
  switch (step.kind) {
    case "copy": {
      planCopy(plan, step, context);
      return;
    }
    case "alternative":
      return planAlternative(plan, base, step);
    case "link": {
      planLink(plan, step, where);
      return;
    }
    case "file": {
      planFile(plan, step, where);
      return;
    }
    case "directory": {
      const { mode = 0o755, owner } = step;
      const path = notTheRoot(step.path, where);
      plan.put(path, made(makeNode({ type: "directory", mode, owner })));
      return;
    }
    case "remove": {
      const path = notTheRoot(step.path, where);
      if (!plan.remove(path)) removals.push({ plan, path });
    }
  }
}

function planLink(plan: LayerPlan, step: LinkStep, where: string): void {
  const path = notTheRoot(step.path, where);
  if (step.target === "" || step.target.includes("\0")) {
    throw new OciError(
      "invalid-recipe",
      `${where} ${step.path}: expected a target, got ${JSON.stringify(step.target)}`,
    );
  }
  if (step.ifAbsent === true && plan.lookup(path) !== undefined) return;
  const linkTarget = fromText(step.target);
  plan.put(path, made(makeNode({ type: "symlink", mode: 0o777, linkTarget, owner: step.owner })));
}

function planFile(plan: LayerPlan, step: FileStep, where: string): void {
  const { content, mode = 0o644, owner } = step;
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const node = makeNode({ type: "file", mode, owner, size: bytes.length });
  plan.put(notTheRoot(step.path, where), made(node, bytes));
}

function made(node: Node, content?: Uint8Array): PlannedEntry {
  return { node, content, copied: undefined, implied: false };
}

function notTheRoot(text: string, where: string): ByteString {
  const path = recipePath(text, where);
  if (path !== "/") return path;
  throw new OciError("invalid-recipe", `${where}: expected a path below the root, got "/"`);
}
