// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { formatPlatform, parsePlatform } from "../../oci/platform.ts";
import type { ChainDeclaration } from "./declaration.ts";
import { stageInputs } from "./order-stages.ts";
import type { StageGraph } from "./stage-graph.ts";

/** What a run of a variant is to do. */
export interface VariantRun {
  /** The first stage to build. Undefined: the first that the variant changes. */
  readonly from?: string | undefined;
  /** The last stage to build. */
  readonly to?: string | undefined;
  /** Default: all of the graph. */
  readonly architectures?: readonly string[] | undefined;
  readonly push?: boolean | undefined;
}

/** The stages that differ from those without the variant: its own, and all that are made from them. */
export function changedStages(graph: StageGraph, declaration: ChainDeclaration): readonly string[] {
  if (graph.variant === undefined) return [];
  const { parents } = declaration.variants[graph.variant]!;
  const changed = new Set<string>();
  for (const stage of graph.stages) {
    const isChanged =
      stage.variant !== undefined ||
      Object.hasOwn(parents, stage.name) ||
      stageInputs(stage).some((name) => changed.has(name));
    if (isChanged) changed.add(stage.name);
  }
  return [...changed];
}

/**
 * Refuses a run of a variant that would build what the variant doesn't change, an architecture that has no such
 * variant, or another architecture than the build platform's where that can't be; or push from a platform that may not.
 * @throws OciError `invalid-argument`
 */
export function checkVariantRun(
  declaration: ChainDeclaration,
  graph: StageGraph,
  { from, to, architectures = [], push = false }: VariantRun,
): void {
  const { variant, buildPlatform } = graph;
  if (variant === undefined) return;
  const declared = declaration.variants[variant]!;
  const host = formatPlatform(buildPlatform);
  const refuse = (message: string, hint: string): OciError =>
    new OciError("invalid-argument", `variant ${variant}: ${message}`, {
      details: { variant, from, to },
      hint,
    });
  const changed = changedStages(graph, declaration);
  if (from !== undefined && !changed.includes(from)) {
    const message = `expected to start at a stage that it changes (${changed.join(", ")}), got ${from}, which all variants share`;
    throw refuse(message, `Build ${from} without --variant first.`);
  }
  const names = graph.stages.map(({ name }) => name);
  if (to !== undefined && names.indexOf(to) < names.indexOf(changed[0] ?? "")) {
    const message = `expected to end at a stage that it changes (${changed.join(", ")}), or after it, got ${to}`;
    throw refuse(message, `Build up to ${to} without --variant.`);
  }
  const has = declared.architectures ?? declaration.architectures;
  const wanted = architectures.length > 0 ? architectures : has;
  const lacking = wanted.find((one) => !has.includes(one));
  if (lacking !== undefined) {
    throw refuse(
      `expected ${has.join(", ")}, got ${lacking}`,
      "It is not made for this architecture.",
    );
  }
  const foreign = declared.cross
    ? undefined
    : wanted.find((one) => formatPlatform(parsePlatform(one)) !== host);
  if (foreign !== undefined) {
    throw refuse(
      `expected the build platform's architecture (${host}), got ${foreign}: it can't be cross-built`,
      "Build it on a machine of that architecture.",
    );
  }
  if (!push || declared.pushFrom === undefined) return;
  const allowed = declared.pushFrom.map((one) => formatPlatform(parsePlatform(one)));
  if (allowed.includes(host)) return;
  throw refuse(
    `expected to push from ${allowed.join(" or ")}, got ${host}`,
    "Build without pushing, or push from there.",
  );
}
