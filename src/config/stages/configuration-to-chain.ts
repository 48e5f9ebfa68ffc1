// SPDX-License-Identifier: MIT
import { BUILT_IN_VARIABLES } from "../../chain/graph/built-in-variables.ts";
import { checkChain } from "../../chain/graph/check-chain.ts";
import type {
  BuildDeclaration,
  ChainDeclaration,
  ChainProblem,
  StageDeclaration,
} from "../../chain/graph/declaration.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { parsePlatform } from "../../oci/platform.ts";
import type { Configuration } from "../configuration.ts";
import { createExpander } from "../expand-variables.ts";
import { chainLayouts, DEFAULT_OUTPUT } from "../output-directory.ts";
import { parseSize } from "./parse-size.ts";
import type { ChainDocument, StageDocument } from "./schema.ts";

const USUAL_BUILD_PLATFORM = "linux/amd64";
/** Variables that differ by architecture although an only architecture has one value of each. */
const BY_ARCHITECTURE: readonly string[] = ["ARCH", "TRIPLET"];

/**
 * The chain of stages that a configuration declares.
 * @throws OciError `missing-input` when it declares none; `invalid-recipe` for a variable that can't be expanded
 */
export function configurationToChain(configuration: Configuration): ChainDeclaration {
  const { stages, chain = {}, aliases = {}, output = DEFAULT_OUTPUT } = configuration.document;
  if (stages === undefined) {
    throw new OciError(
      "missing-input",
      `${configuration.file ?? "the configuration"}: expected stages, got none`,
      { hint: "docs/chain.md says how they are written." },
    );
  }
  return {
    repository: configuration.image,
    architectures: configuration.architectures,
    aliases,
    buildPlatforms: chain.buildPlatforms ?? [USUAL_BUILD_PLATFORM],
    variants: Object.fromEntries(
      Object.entries(chain.variants ?? {}).map(
        ([name, { parents = {}, arch, cross = true, pushFrom }]) => [
          name,
          { parents, architectures: arch, cross, pushFrom },
        ],
      ),
    ),
    stages: Object.entries(stages).map(([name, stage]) => stageOf(name, stage, chain, output)),
    mirrors: chain.mirrors ?? {},
    ...variablesOf(configuration),
    places: { directory: configuration.directory, layouts: chainLayouts(configuration) },
  };
}

/**
 * Checks the stages of a configuration. Returns the complaints, each with its place in the file; none where
 * there are no stages, or variables that are only given later.
 */
export function checkStages(configuration: Configuration): readonly string[] {
  const { stages, chain = {}, variables = {} } = configuration.document;
  const { locate } = configuration;
  if (stages === undefined) return [];
  const taken = BUILT_IN_VARIABLES.filter((name) => Object.hasOwn(variables, name));
  const problems: ChainProblem[] = taken.map((name) => ({
    path: ["variables", name],
    message: "expected another name: it follows from the build platform or the variant",
  }));
  problems.push(...platformProblems(chain), ...uselessKeys(stages));
  if (problems.length === 0) {
    try {
      problems.push(...checkChain(configurationToChain(configuration)));
    } catch (error) {
      if (!isOciError(error, "invalid-recipe")) throw error;
    }
  }
  return problems.map(({ path, message }) => `${locate(path)}: ${message}`);
}

function platformProblems({ buildPlatforms = [], variants = {} }: ChainDocument): ChainProblem[] {
  const named = [
    ...buildPlatforms.map((text, at) => ({ path: ["chain", "buildPlatforms", at], text })),
    ...Object.entries(variants).flatMap(([name, { pushFrom = [] }]) =>
      pushFrom.map((text, at) => ({ path: ["chain", "variants", name, "pushFrom", at], text })),
    ),
  ];
  return named.flatMap(({ path, text }) => {
    try {
      parsePlatform(text);
      return [];
    } catch (error) {
      if (!isOciError(error)) throw error;
      return { path, message: error.message };
    }
  });
}

/** The keys that only a build has. */
const BUILD_KEYS = [
  ...["context", "target", "parentArg", "args", "secrets", "ssh", "network", "addHosts"],
  ...["cacheFrom", "cacheTo", "memory", "cpus", "cgroupParent", "from", "runsOn"],
] as const;

/** Keys that would count for nothing, because BuildKit doesn't make the stage. */
function uselessKeys(stages: Readonly<Record<string, StageDocument>>): ChainProblem[] {
  return Object.entries(stages).flatMap(([name, stage]) => {
    if ((stage.kind ?? "build") === "build") return [];
    return Object.keys(stage)
      .filter((key) => (BUILD_KEYS as readonly string[]).includes(key))
      .map((key) => ({
        path: ["stages", name, key],
        message: "expected none: BuildKit does not make this stage",
      }));
  });
}

function stageOf(
  name: string,
  stage: StageDocument,
  chain: ChainDocument,
  output: string,
): StageDeclaration {
  const { lane = "cross", kind = "build", perArch = false, arch, optional = false } = stage;
  const { parent, from, inputs, tag, variant } = stage;
  return {
    name,
    lane,
    kind,
    perArchitecture: perArch,
    architectures: arch,
    parent,
    from,
    inputs,
    tag,
    layout:
      stage.layout ?? (kind === "recipe" ? `${output}\${VARIANT_SUFFIX}/\${ARCH}` : undefined),
    optional,
    variant,
    runsOn: stage.runsOn ?? (lane === "cross" || kind !== "build" ? "build" : "target"),
    build: buildOf(stage, chain),
  };
}

function buildOf(stage: StageDocument, chain: ChainDocument): BuildDeclaration | undefined {
  const { dockerfile, memory = chain.memory, cpus = chain.cpus } = stage;
  const { cgroupParent = chain.cgroupParent } = stage;
  const { context, target, parentArg, secrets, ssh, network, addHosts, cacheFrom, cacheTo } = stage;
  if (dockerfile === undefined) return undefined;
  return {
    dockerfile,
    context,
    target,
    parentArg,
    args: { ...chain.args, ...stage.args },
    secrets,
    ssh,
    network,
    addHosts,
    cacheFrom,
    cacheTo,
    memory: memory === undefined ? undefined : parseSize(memory),
    cpus,
    cgroupParent,
  };
}

/** The variables of each architecture, and those on which all of them agree. */
function variablesOf(
  configuration: Configuration,
): Pick<ChainDeclaration, "variables" | "architectureVariables"> {
  const each = configuration.architectures.map(
    (one) => [one, createExpander(configuration, one).variables] as const,
  );
  const [, first = {}] = each[0] ?? [];
  const shared = Object.entries(first).filter(
    ([name, value]) =>
      !BY_ARCHITECTURE.includes(name) && each.every(([, variables]) => variables[name] === value),
  );
  return { variables: Object.fromEntries(shared), architectureVariables: Object.fromEntries(each) };
}
