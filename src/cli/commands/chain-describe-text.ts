// SPDX-License-Identifier: MIT
import type { StageDeclaration } from "../../chain/graph/declaration.ts";
import type { StageGraph, StageUnit } from "../../chain/graph/stage-graph.ts";
import { freshnessOf } from "../../chain/picture/unit-freshness.ts";
import type { ChainReading } from "../../chain/verify-chain.ts";
import { shortDigest } from "../../oci/digest.ts";
import { formatPlatform } from "../../oci/platform.ts";

const RULE = "=".repeat(40);

/** A chain for people, in the order of its stages: each with its parent, its Dockerfile and its tags. */
export function chainLines(
  graph: StageGraph,
  reading: ChainReading,
  offline: boolean,
): readonly string[] {
  const lanes = [
    { lane: "cross", title: "Cross-lane stage chain" },
    { lane: "runtime", title: "Runtime-lane stage chain" },
  ] as const;
  const names = new Set(reading.units.map(({ stage }) => stage));
  const shown = graph.stages.filter(({ name }) => names.has(name));
  const arches = [...new Set(reading.units.flatMap(({ architecture }) => architecture ?? []))];
  const csv = (arches.length > 0 ? arches : graph.architectures).join(",");
  const range = `${shown[0]?.name ?? ""}..${shown.at(-1)?.name ?? ""}`;
  return [
    `Cross chain: arches=${csv} stages=${range} repo=${graph.repository ?? "none"}`,
    ...lanes.flatMap(({ lane, title }) => {
      const stages = shown.filter((stage) => stage.lane === lane);
      if (stages.length === 0) return [];
      const heading = ["", `${title} (arches: ${csv})`, RULE];
      return [...heading, ...stages.flatMap((stage) => stageLines(stage, reading, offline))];
    }),
  ];
}

function stageLines(stage: StageDeclaration, reading: ChainReading, offline: boolean): string[] {
  const units = reading.units.filter((unit) => unit.stage === stage.name);
  const [first] = units;
  const parent = stage.parent ?? first?.from;
  const marks = [
    ...(stage.optional ? ["optional"] : []),
    ...(stage.variant === undefined ? [] : [`variant ${stage.variant}`]),
  ];
  const mark = marks.length === 0 ? "" : `  (${marks.join(", ")})`;
  const state = (unit: StageUnit): string => (offline ? "" : stateOf(unit, reading));
  return [
    "",
    `[${stage.name}]${parent === undefined ? "" : `  ← ${parent}`}${mark}`,
    ...madeBy(stage, first),
    ...(stage.perArchitecture
      ? units.map(
          (unit) => `  ${(unit.architecture ?? "").padEnd(6)} → ${named(unit)}${state(unit)}`,
        )
      : units.flatMap((unit) => sharedLines(unit, state(unit)))),
  ];
}

function madeBy(stage: StageDeclaration, unit: StageUnit | undefined): string[] {
  const others = Object.entries(stage.inputs ?? {}).map(([name, input]) => `${name} from ${input}`);
  const also = others.length === 0 ? [] : [`  Also:       ${others.join(", ")}`];
  if (stage.kind === "build") return [`  Dockerfile: ${unit?.build?.dockerfile ?? ""}`, ...also];
  if (stage.kind === "recipe") return ["  Recipe:     oci-kit assemble", ...also];
  return ["  Index:      oci-kit manifest push"];
}

function sharedLines(unit: StageUnit, state: string): string[] {
  if (unit.kind === "index") {
    const aliases = unit.aliases.map((tag) => `, :${tag}`).join("");
    return [`  Produces:   ${named(unit)}${aliases} multi-arch manifest${state}`];
  }
  return [
    `  Tag:        ${named(unit)}${state}`,
    `  Platform:   ${formatPlatform(unit.platform)}  (shared, not per-arch)`,
  ];
}

function named({ reference, tag }: StageUnit): string {
  return reference ?? `:${tag}`;
}

function stateOf(unit: StageUnit, reading: ChainReading): string {
  const image = reading.images.get(unit.id);
  if (image?.state !== "present") {
    return `  ${image?.state === "absent" ? "not there" : "not known"}`;
  }
  const { word } = freshnessOf(unit, reading);
  return `  ${shortDigest(image.digest)} ${word}`;
}
