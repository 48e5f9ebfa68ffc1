// SPDX-License-Identifier: MIT
import { KNOWN_ARCHITECTURES } from "../../oci/known-platforms.ts";
import { parsePlatform } from "../../oci/platform.ts";
import { quote } from "../../oci/quote.ts";
import { architectureName } from "./built-in-variables.ts";
import type { ChainDeclaration, ChainProblem } from "./declaration.ts";

/** What is wrong with the variants of a chain, their names above all: tags are read by position. */
export function checkVariants(declaration: ChainDeclaration): readonly ChainProblem[] {
  const { variants, stages } = declaration;
  const unknown = stages.flatMap(({ name, variant }): ChainProblem[] => {
    if (variant === undefined || Object.hasOwn(variants, variant)) return [];
    const names = Object.keys(variants).join(", ") || "none is declared";
    const message = `expected one of the variants (${names}), got ${quote(variant)}`;
    return [{ path: ["stages", name, "variant"], message }];
  });
  return [...unknown, ...Object.keys(variants).flatMap((name) => checkVariant(declaration, name))];
}

function checkVariant(declaration: ChainDeclaration, name: string): ChainProblem[] {
  const { parents, architectures = [] } = declaration.variants[name]!;
  const path = ["chain", "variants", name];
  const problems = [...checkName(declaration, name)];
  for (const [at, one] of architectures.entries()) {
    if (declaration.architectures.includes(one)) continue;
    const message = `expected one of ${declaration.architectures.join(", ")}, got ${quote(one)}`;
    problems.push({ path: [...path, "arch", at], message });
  }
  for (const child of Object.keys(parents)) {
    if (declaration.stages.some((stage) => stage.name === child)) continue;
    const names = declaration.stages.map((stage) => stage.name).join(", ");
    const message = `expected one of the stages ${names}, got ${quote(child)}`;
    problems.push({ path: [...path, "parents", child], message });
  }
  if (
    !declaration.stages.some(({ variant }) => variant === name) &&
    Object.keys(parents).length === 0
  ) {
    problems.push({
      path,
      message: "expected a stage with this variant, or other parents: it changes nothing",
    });
  }
  return problems;
}

/** `latest-arm64` must stay unambiguous: no variant is called as an architecture is, and the other way round. */
function checkName(declaration: ChainDeclaration, name: string): ChainProblem[] {
  const mine = declaration.architectures.find(
    (one) => architectureName(parsePlatform(one)) === name,
  );
  if (mine !== undefined) {
    const path = ["architectures", declaration.architectures.indexOf(mine)];
    return [{ path, message: `${mine} reads as the variant ${name} in a tag` }];
  }
  const known = KNOWN_ARCHITECTURES.find(
    (one) => one === name || (name.startsWith(one) && /^v\d+$/.test(name.slice(one.length))),
  );
  if (known === undefined) return [];
  const message = `expected a name that is no architecture's, got ${quote(name)}, which reads as ${known} in a tag`;
  return [{ path: ["chain", "variants", name], message }];
}
