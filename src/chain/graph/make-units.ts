// SPDX-License-Identifier: MIT
import { expandVariables } from "../../assemble/recipe/environment.ts";
import { OciError } from "../../oci/errors.ts";
import { parsePlatform } from "../../oci/platform.ts";
import { quote } from "../../oci/quote.ts";
import { parseTag } from "../../oci/reference.ts";
import {
  architectureName,
  buildPlatformOf,
  builtInVariables,
  type GraphChoice,
} from "./built-in-variables.ts";
import type { BuildDeclaration, ChainDeclaration, StageDeclaration } from "./declaration.ts";
import type { StageUnit, UnitBuild, UnitInput } from "./stage-graph.ts";

/** What is wrong with a text of a stage: the keys that lead to it, from the stage on. */
export class TemplateError extends OciError {
  readonly stage: string;
  readonly keys: readonly (string | number)[];

  constructor(stage: string, keys: readonly (string | number)[], cause: OciError) {
    super("invalid-recipe", cause.message, { cause, details: { stage } });
    this.stage = stage;
    this.keys = keys;
  }
}

/**
 * The units of the stages that are given, in their order.
 * @throws TemplateError for a text with an unknown variable, and for a tag that is none
 */
export function makeUnits(
  declaration: ChainDeclaration,
  stages: readonly StageDeclaration[],
  choice: GraphChoice,
): readonly StageUnit[] {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  return stages.flatMap((stage) =>
    stage.perArchitecture
      ? architecturesOf(declaration, stage, choice).map((architecture) =>
          makeUnit({ declaration, stage, choice, byName, architecture }),
        )
      : [makeUnit({ declaration, stage, choice, byName, architecture: undefined })],
  );
}

/** The architectures that a stage is made for: its own, and those of the variant. */
export function architecturesOf(
  { architectures, variants }: ChainDeclaration,
  stage: Pick<StageDeclaration, "architectures">,
  { variant }: GraphChoice,
): readonly string[] {
  const ofVariant = variant === undefined ? undefined : variants[variant]?.architectures;
  return architectures.filter(
    (one) => (stage.architectures?.includes(one) ?? true) && (ofVariant?.includes(one) ?? true),
  );
}

/** The name of a unit: `sdk-arm64`, or `base` for a shared stage. */
export function unitId(stage: string, architecture: string | undefined): string {
  return architecture === undefined
    ? stage
    : `${stage}-${architectureName(parsePlatform(architecture))}`;
}

interface UnitMaking {
  readonly declaration: ChainDeclaration;
  readonly stage: StageDeclaration;
  readonly choice: GraphChoice;
  readonly byName: ReadonlyMap<string, StageDeclaration>;
  readonly architecture: string | undefined;
}

function makeUnit(making: UnitMaking): StageUnit {
  const { declaration, stage, choice, architecture } = making;
  const buildPlatform = buildPlatformOf(declaration, choice);
  const target = architecture === undefined ? buildPlatform : parsePlatform(architecture);
  const expand = expander(making, {});
  const tag = tagOf(making);
  const { repository } = declaration;
  return {
    id: unitId(stage.name, architecture),
    stage: stage.name,
    lane: stage.lane,
    kind: stage.kind,
    architecture,
    tag,
    aliases: stage.kind === "index" ? (own(declaration.aliases, tag) ?? []) : [],
    reference: repository === undefined ? undefined : `${repository}:${tag}`,
    inputs: inputsOf(making),
    from: stage.from === undefined ? undefined : expand(stage.from, ["from"]),
    platform: stage.lane === "cross" ? buildPlatform : target,
    runsOn: stage.runsOn === "build" ? buildPlatform : target,
    layout: stage.layout === undefined ? undefined : expand(stage.layout, ["layout"]),
    optional: stage.optional,
    variant: stage.variant,
    build: stage.build && buildOf(declaration, stage.build, stage.name, expand),
  };
}

function own<T>(values: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}

function tagOf(making: UnitMaking): string {
  const { stage, architecture } = making;
  const named =
    architecture === undefined ? {} : { ARCH: architectureName(parsePlatform(architecture)) };
  const tag = expander(making, named)(stage.tag, ["tag"]);
  try {
    return parseTag(tag);
  } catch (error) {
    if (error instanceof OciError) throw new TemplateError(stage.name, ["tag"], error);
    throw error;
  }
}

/** An index is made of all images of its parent; another unit of one image of each input. */
function inputsOf({ declaration, stage, choice, byName, architecture }: UnitMaking): UnitInput[] {
  const { parent, inputs = {} } = stage;
  const named = [
    ...(parent === undefined ? [] : [["parent", parent] as const]),
    ...Object.entries(inputs),
  ];
  return named.flatMap(([name, input]): UnitInput[] => {
    const declared = byName.get(input);
    if (declared?.perArchitecture !== true) return [{ name, unit: unitId(input, undefined) }];
    if (stage.kind !== "index") return [{ name, unit: unitId(input, architecture) }];
    return architecturesOf(declaration, declared, choice).map((one) => ({
      name,
      unit: unitId(input, one),
    }));
  });
}

type Expand = (text: string, keys: readonly (string | number)[]) => string;

function expander(
  { declaration, stage, choice, architecture }: UnitMaking,
  named: Readonly<Record<string, string>>,
): Expand {
  const { variables, architectureVariables } = declaration;
  const values: Readonly<Record<string, string>> = {
    ...(architecture === undefined ? variables : own(architectureVariables, architecture)),
    ...builtInVariables(declaration, choice),
    ...named,
  };
  return (text, keys) => {
    try {
      return expandVariables(text, (name) => own(values, name), `stage ${stage.name}`);
    } catch (error) {
      if (error instanceof OciError) throw new TemplateError(stage.name, keys, error);
      throw error;
    }
  };
}

const DEFAULT_PARENT_ARG = "BASE_IMAGE";

function buildOf(
  declaration: ChainDeclaration,
  build: BuildDeclaration,
  stage: string,
  expand: Expand,
): UnitBuild {
  const each = (texts: readonly string[] = [], key: string): readonly string[] =>
    texts.map((text, at) => expand(text, [key, at]));
  const map = (values: Readonly<Record<string, string>> = {}, key: string) =>
    Object.fromEntries(
      Object.entries(values).map(([name, text]) => [name, expand(text, [key, name])]),
    );
  return {
    dockerfile: expand(build.dockerfile, ["dockerfile"]),
    context: expand(build.context ?? ".", ["context"]),
    target: build.target === undefined ? undefined : expand(build.target, ["target"]),
    parentArg: build.parentArg ?? DEFAULT_PARENT_ARG,
    args: map(build.args, "args"),
    mirrors: expandMirrors(declaration.mirrors, expand),
    secrets: build.secrets ?? {},
    ssh: build.ssh ?? [],
    network: networkOf(expand(build.network ?? "default", ["network"]), stage),
    addHosts: map(build.addHosts, "addHosts"),
    cacheFrom: each(build.cacheFrom, "cacheFrom"),
    cacheTo: each(build.cacheTo, "cacheTo"),
    memory: build.memory,
    cpus: build.cpus,
    cgroupParent: build.cgroupParent,
  };
}

/** They are of the whole chain, and so is what is wrong with one of them. */
function expandMirrors(
  mirrors: Readonly<Record<string, string>>,
  expand: Expand,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(mirrors).map(([name, text]) => [name, expand(text, ["mirrors", name])]),
  );
}

const NETWORKS = ["default", "none", "host"] as const;

function networkOf(text: string, stage: string): UnitBuild["network"] {
  const network = NETWORKS.find((one) => one === text);
  if (network !== undefined) return network;
  const message = `expected ${NETWORKS.join(", ")}, got ${quote(text)}`;
  throw new TemplateError(stage, ["network"], new OciError("invalid-recipe", message));
}
