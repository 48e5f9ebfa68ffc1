// SPDX-License-Identifier: MIT
import { checkParents } from "./check-parents.ts";
import { checkStage } from "./check-stage.ts";
import { checkTags } from "./check-tags.ts";
import { checkVariants } from "./check-variants.ts";
import type { ChainDeclaration, ChainProblem } from "./declaration.ts";

/**
 * All that is wrong with a chain, each thing with the place in the configuration. Tags are looked at only when
 * the stages themselves are right: the rest would be consequences.
 */
export function checkChain(declaration: ChainDeclaration): readonly ChainProblem[] {
  const problems = [
    ...declaration.stages.flatMap((stage) => checkStage(declaration, stage)),
    ...checkVariants(declaration),
    ...checkParents(declaration),
  ];
  return problems.length > 0 ? problems : checkTags(declaration);
}
