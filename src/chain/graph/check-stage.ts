// SPDX-License-Identifier: MIT
import { quote } from "../../oci/quote.ts";
import type { ChainDeclaration, ChainProblem, StageDeclaration } from "./declaration.ts";

/** What is wrong with one stage, whatever the others are. */
export function checkStage(
  declaration: ChainDeclaration,
  stage: StageDeclaration,
): readonly ChainProblem[] {
  return [...checkKind(stage), ...checkArchitectures(declaration, stage), ...checkTagText(stage)];
}

function checkKind(stage: StageDeclaration): readonly ChainProblem[] {
  const { name, kind, build, parent, from, perArchitecture } = stage;
  const at = (key: string, message: string): ChainProblem => ({
    path: ["stages", name, key],
    message,
  });
  const problems: ChainProblem[] = [];
  if (kind === "build") {
    if (build === undefined)
      problems.push(at("dockerfile", "expected the Dockerfile that builds it, got nothing"));
    if (parent !== undefined && from !== undefined) {
      problems.push(
        at("from", `expected a parent or an image from outside, got both: ${parent} is its parent`),
      );
    }
    return problems;
  }
  const what = kind === "recipe" ? "assembled by the recipe" : "an index";
  if (build !== undefined) problems.push(at("dockerfile", `expected none: the stage is ${what}`));
  if (from !== undefined) problems.push(at("from", `expected none: the stage is ${what}`));
  if (parent === undefined)
    problems.push(at("parent", `expected the stage it is made from: it is ${what}`));
  if (kind === "recipe" && !perArchitecture) {
    problems.push(at("perArch", "expected true: a recipe makes an image for each architecture"));
  }
  if (kind === "index" && perArchitecture) {
    problems.push(at("perArch", "expected false: an index is one for all architectures"));
  }
  return problems;
}

function checkArchitectures(
  { architectures }: ChainDeclaration,
  stage: StageDeclaration,
): readonly ChainProblem[] {
  const { name, perArchitecture, architectures: own } = stage;
  if (own === undefined) return [];
  if (!perArchitecture) {
    return [
      {
        path: ["stages", name, "arch"],
        message: "expected none: all architectures share the stage (perArch)",
      },
    ];
  }
  return own.flatMap((one, at) =>
    architectures.includes(one)
      ? []
      : {
          path: ["stages", name, "arch", at],
          message: `expected one of ${architectures.join(", ")}, got ${quote(one)}`,
        },
  );
}

function checkTagText({
  name,
  tag,
  perArchitecture,
  kind,
}: StageDeclaration): readonly ChainProblem[] {
  const namesArchitecture = tag.includes("${ARCH}");
  const path = ["stages", name, "tag"];
  if (perArchitecture && !namesArchitecture) {
    const message = `expected \${ARCH} in it, got ${quote(tag)}: each architecture has an image of its own, and the last one built would take the tag`;
    return [{ path, message }];
  }
  if (!perArchitecture && namesArchitecture) {
    const what =
      kind === "index" ? "an index names no architecture" : "all architectures share the stage";
    return [{ path, message: `expected a tag without \${ARCH}, got ${quote(tag)}: ${what}` }];
  }
  return [];
}
