// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { ClosureFinding, ClosureReport } from "../../verify/closure/closure-report.ts";

/** What every program needs: objects by number, and who needs whom. */
export interface ProgramGraph {
  /** Programs and libraries: paths without links. */
  readonly objects: readonly ByteString[];
  /** For each object the numbers of those that it needs itself. */
  readonly needs: readonly (readonly number[])[];
  /** For some objects, what they need and nobody has. */
  readonly lacks: ReadonlyMap<number, readonly ByteString[]>;
  /** Those that can't start first, then those that the image starts, then by path. */
  readonly programs: readonly GraphProgram[];
  /** How many programs there are, also those that are left out. */
  readonly total: number;
}

export interface GraphProgram {
  readonly object: number;
  readonly architecture: string | undefined;
  readonly loader: ByteString | undefined;
  readonly libraries: number;
  /** Whether something that it needs is missing. */
  readonly isBroken: boolean;
  /** Whether the image's configuration starts it. */
  readonly isStarted: boolean;
}

const MOST_PROGRAMS = 2000;

/** Makes the graph of a closure. Of a very large image the last programs are left out, and `total` says how many there are. */
export function graphPrograms(
  { programs, needs, findings }: ClosureReport,
  started: ReadonlySet<ByteString>,
): ProgramGraph {
  const broken = new Set(findings.flatMap((finding) => finding.programs));
  const rank = (path: ByteString): number => (broken.has(path) ? 0 : started.has(path) ? 1 : 2);
  const kept = [...programs]
    .sort((one, other) => rank(one.path) - rank(other.path))
    .slice(0, MOST_PROGRAMS);
  const objects: ByteString[] = [];
  const numbers = new Map<ByteString, number>();
  const numberOf = (path: ByteString): number => {
    const number = numbers.get(path) ?? objects.push(path) - 1;
    numbers.set(path, number);
    return number;
  };
  const shown = kept.map(({ path, architecture, loader, libraries }) => ({
    object: numberOf(path),
    ...{ architecture, loader, libraries: libraries.length },
    isBroken: broken.has(path),
    isStarted: started.has(path),
  }));
  const edges: number[][] = [];
  // It grows while it is gone through: what an object needs is an object too.
  for (const path of objects) edges.push([...(needs.get(path) ?? [])].map(numberOf));
  const lacks = lackOf(findings, numbers);
  return { objects, needs: edges, lacks, programs: shown, total: programs.length };
}

function lackOf(
  findings: readonly ClosureFinding[],
  numbers: ReadonlyMap<ByteString, number>,
): ReadonlyMap<number, readonly ByteString[]> {
  const lacks = new Map<number, ByteString[]>();
  for (const { path, needs } of findings) {
    const number = numbers.get(path);
    if (number === undefined || needs === undefined) continue;
    const known = lacks.get(number);
    if (known === undefined) lacks.set(number, [needs]);
    else known.push(needs);
  }
  return lacks;
}
