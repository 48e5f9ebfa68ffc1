// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { formatPlatform } from "../../oci/platform.ts";
import { quote } from "../../oci/quote.ts";
import { buildPlatformOf, type GraphChoice } from "./built-in-variables.ts";
import { checkChain } from "./check-chain.ts";
import type { ChainDeclaration } from "./declaration.ts";
import { makeUnits } from "./make-units.ts";
import { orderStages, stagesOf } from "./order-stages.ts";
import type { StageGraph } from "./stage-graph.ts";

/**
 * Makes the graph of one variant on one build platform.
 * @throws OciError `invalid-recipe` with all that is wrong in `details.problems`; `invalid-argument` for a
 *   variant or a build platform that is not declared
 */
export function makeGraph(declaration: ChainDeclaration, choice: GraphChoice = {}): StageGraph {
  const problems = checkChain(declaration);
  if (problems.length > 0) {
    const told = problems.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new OciError("invalid-recipe", told.join("; "), { details: { problems } });
  }
  const { variant } = choice;
  checkChoice(declaration, choice);
  const order = orderStages(stagesOf(declaration, variant));
  if ("circle" in order) throw new RangeError("the check of a chain finds every circle");
  return {
    repository: declaration.repository,
    architectures: declaration.architectures,
    buildPlatform: buildPlatformOf(declaration, choice),
    variant,
    stages: order.stages,
    units: makeUnits(declaration, order.stages, choice),
  };
}

function checkChoice(declaration: ChainDeclaration, choice: GraphChoice): void {
  const { variant, buildPlatform } = choice;
  const { variants, buildPlatforms } = declaration;
  if (variant !== undefined && !Object.hasOwn(variants, variant)) {
    const names = Object.keys(variants);
    throw new OciError(
      "invalid-argument",
      `variant: expected ${names.length === 0 ? "none: none is declared" : names.join(" or ")}, got ${quote(variant)}`,
      { details: { variant, variants: names } },
    );
  }
  if (buildPlatform === undefined) return;
  const wanted = formatPlatform(buildPlatformOf(declaration, choice));
  const known = buildPlatforms.map((one) =>
    formatPlatform(buildPlatformOf(declaration, { buildPlatform: one })),
  );
  if (known.includes(wanted)) return;
  throw new OciError(
    "invalid-argument",
    `build platform: expected ${known.join(" or ")}, got ${quote(wanted)}`,
    {
      details: { buildPlatform, buildPlatforms },
      hint: "Add it to chain.buildPlatforms: then it is checked that its tags take no other's place.",
    },
  );
}
