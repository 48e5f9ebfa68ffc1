// SPDX-License-Identifier: MIT
import { quote } from "../../oci/quote.ts";
import type { ChainDeclaration, ChainProblem, StageDeclaration } from "./declaration.ts";
import { architecturesOf } from "./make-units.ts";
import { orderStages, stagesOf } from "./order-stages.ts";

/** What is wrong between stages, in each variant: unknown parents, circles, architectures that a parent lacks. */
export function checkParents(declaration: ChainDeclaration): readonly ChainProblem[] {
  const found = new Map<string, ChainProblem>();
  for (const variant of [undefined, ...Object.keys(declaration.variants)]) {
    for (const problem of checkGraph(declaration, variant)) {
      const key = `${problem.path.join("\0")}\0${problem.message}`;
      if (!found.has(key)) found.set(key, problem);
    }
  }
  return [...found.values()];
}

function checkGraph(declaration: ChainDeclaration, variant: string | undefined): ChainProblem[] {
  const stages = stagesOf(declaration, variant);
  const problems = stages.flatMap((stage) => checkInputs(declaration, stages, stage, variant));
  const order = orderStages(stages);
  if ("circle" in order) {
    const [name = ""] = order.circle;
    const way = order.circle.join(" <- ");
    problems.push({
      path: ["stages", name, "parent"],
      message: `expected an end, got a circle: ${way}`,
    });
  }
  return problems;
}

function checkInputs(
  declaration: ChainDeclaration,
  stages: readonly StageDeclaration[],
  stage: StageDeclaration,
  variant: string | undefined,
): ChainProblem[] {
  const { name, parent, inputs = {} } = stage;
  const isChanged = parent !== declaration.stages.find((one) => one.name === name)?.parent;
  const places: [readonly string[], string][] = Object.entries(inputs).map(([key, input]) => [
    ["stages", name, "inputs", key],
    input,
  ]);
  if (parent !== undefined) {
    const path = isChanged
      ? ["chain", "variants", variant ?? "", "parents", name]
      : ["stages", name, "parent"];
    places.unshift([path, parent]);
  }
  return places.flatMap(([path, input]) => {
    const message = whyNot(declaration, stages, stage, input, variant);
    return message === undefined ? [] : [{ path, message }];
  });
}

/** Why a stage can't be made from another; undefined when it can. */
function whyNot(
  declaration: ChainDeclaration,
  stages: readonly StageDeclaration[],
  stage: StageDeclaration,
  name: string,
  variant: string | undefined,
): string | undefined {
  const input = stages.find((one) => one.name === name);
  if (input === undefined) return whyUnknown(declaration, stages, stage, name);
  if (input.kind === "index") return `expected a stage with images, got ${name}, which is an index`;
  if (stage.kind === "index") {
    return input.perArchitecture
      ? undefined
      : `expected a stage with an image for each architecture, got ${name}, which they share`;
  }
  if (input.optional && !stage.optional) {
    return `expected a stage that is always there, got ${name}, which is optional`;
  }
  if (!input.perArchitecture) return undefined;
  if (!stage.perArchitecture) {
    return `expected a shared stage, got ${name}, which has an image for each architecture: nothing says which of them is meant`;
  }
  const there = architecturesOf(declaration, input, { variant });
  const lacking = architecturesOf(declaration, stage, { variant }).filter(
    (one) => !there.includes(one),
  );
  return lacking.length === 0
    ? undefined
    : `expected a stage for ${lacking.join(", ")} too, got ${name}, which is only for ${there.join(", ") || "none"}`;
}

function whyUnknown(
  declaration: ChainDeclaration,
  stages: readonly StageDeclaration[],
  stage: StageDeclaration,
  name: string,
): string {
  const elsewhere = declaration.stages.find((one) => one.name === name)?.variant;
  if (elsewhere !== undefined) {
    return `expected a stage that is always there, got ${name}, which is only in the variant ${elsewhere}: chain.variants.${elsewhere}.parents says who follows it`;
  }
  const others = stages.map((one) => one.name).filter((one) => one !== stage.name);
  return `expected one of the stages ${others.join(", ")}, got ${quote(name)}`;
}
