// SPDX-License-Identifier: MIT
import { formatPlatform } from "../../oci/platform.ts";
import type { ChainPlan, PlannedUnit } from "./plan-chain.ts";

/** One job of a matrix. All values are text, as expressions of GitHub Actions need them. */
export type MatrixJob = Readonly<Record<string, string>>;

/** A value for `strategy.matrix`. */
export interface Matrix {
  readonly include: readonly MatrixJob[];
}

/** The jobs of one CI run, in the order in which they depend on each other. */
export interface GithubMatrix {
  /** What all architectures share: one job, or none when nothing of it is to be built. */
  readonly shared: Matrix;
  /** One job for each architecture that has something to build. */
  readonly architectures: Matrix;
  /** The index that joins them: one job, or none. */
  readonly index: Matrix;
}

/**
 * The matrix of a plan: shared stages first, then an architecture a job, then the index. What is kept is in no
 * job; what is not known is, since only the job itself can find out. An index is one generation: where it is
 * published anew, every architecture's image is assembled in this run.
 */
export function githubMatrix({ units }: ChainPlan): GithubMatrix {
  const isUnmade = ({ action }: PlannedUnit): boolean => action !== "keep";
  const indexes = units.filter((one) => one.unit.kind === "index" && isUnmade(one));
  const joined = new Set(indexes.flatMap(({ unit }) => unit.inputs.map((input) => input.unit)));
  const wanted = units.filter(
    (one) => isUnmade(one) || (one.unit.kind === "recipe" && joined.has(one.unit.id)),
  );
  const shared = wanted.filter(
    ({ unit }) => unit.architecture === undefined && unit.kind !== "index",
  );
  const names = [...new Set(wanted.flatMap(({ unit }) => unit.architecture ?? []))];
  return {
    shared: matrixOf(shared.length === 0 ? [] : [jobOf(shared, { build: buildOf(shared) })]),
    architectures: matrixOf(
      names.map((architecture) => {
        const mine = wanted.filter(({ unit }) => unit.architecture === architecture);
        const [build, assemble] = [buildOf(mine, architecture), assembleOf(mine, units)];
        return jobOf(mine, { architecture, build, assemble });
      }),
    ),
    index: matrixOf(indexes.map((one) => jobOf([one], { tag: one.unit.tag }))),
  };
}

/** The flags of `chain build` for the stages of a job that BuildKit makes; empty where it makes none. */
function buildOf(units: readonly PlannedUnit[], architecture?: string): string {
  const stages = units.filter(({ unit }) => unit.kind === "build").map(({ unit }) => unit.stage);
  if (stages.length === 0) return "";
  const only = [...new Set(stages)].map((stage) => `--only ${stage}`);
  return [...(architecture === undefined ? [] : [`--arch ${architecture}`]), ...only].join(" ");
}

/**
 * A line for each input of the recipes of a job: where it is published, and the layout in which the recipe expects
 * it. One empty line where they need none; empty where nothing is assembled.
 */
function assembleOf(units: readonly PlannedUnit[], all: readonly PlannedUnit[]): string {
  const recipes = units.filter(({ unit }) => unit.kind === "recipe");
  const ids = new Set(recipes.flatMap(({ unit }) => unit.inputs.map((input) => input.unit)));
  const lines = all.flatMap(({ unit: { id, reference, layout } }) =>
    ids.has(id) && reference !== undefined && layout !== undefined
      ? [`${reference} oci:${layout}`]
      : [],
  );
  return recipes.length === 0 ? "" : `${lines.join("\n")}\n`;
}

function matrixOf(include: readonly MatrixJob[]): Matrix {
  return { include };
}

function jobOf(units: readonly PlannedUnit[], more: MatrixJob): MatrixJob {
  const stages = [...new Set(units.map(({ unit }) => unit.stage))];
  // the target's platform where something has to run on it: there the job needs an emulator or such a machine
  const foreign = units.find(({ unit }) => unit.lane === "runtime" && unit.kind === "build");
  const runsOn = (foreign ?? units[0]!).unit.runsOn;
  return { ...more, stages: stages.join(","), platform: formatPlatform(runsOn) };
}
