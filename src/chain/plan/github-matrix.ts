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
 * job; what is not known is, since only the job itself can find out.
 */
export function githubMatrix({ units }: ChainPlan): GithubMatrix {
  const todo = units.filter(({ action }) => action !== "keep");
  const shared = todo.filter(
    ({ unit }) => unit.architecture === undefined && unit.kind !== "index",
  );
  const index = todo.filter(({ unit }) => unit.kind === "index");
  const names = [...new Set(todo.flatMap(({ unit }) => unit.architecture ?? []))];
  return {
    shared: matrixOf(shared.length === 0 ? [] : [jobOf(shared, {})]),
    architectures: matrixOf(
      names.map((architecture) => {
        const mine = todo.filter(({ unit }) => unit.architecture === architecture);
        return jobOf(mine, { architecture });
      }),
    ),
    index: matrixOf(index.length === 0 ? [] : [jobOf(index, { tag: index[0]!.unit.tag })]),
  };
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
