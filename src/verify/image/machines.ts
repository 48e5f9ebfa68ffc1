// SPDX-License-Identifier: MIT

/** The architectures whose programs a machine runs beside its own. */
const ALSO_RUNS: Readonly<Record<string, string>> = {
  amd64: "386",
  arm64: "arm",
  ppc64: "ppc",
  s390x: "s390",
};

/** Whether a machine runs programs of an architecture; true when the machine is unknown. */
export function runsOn(architecture: string | undefined, machine: string | undefined): boolean {
  if (machine === undefined) return true;
  return (
    architecture !== undefined && (architecture === machine || ALSO_RUNS[machine] === architecture)
  );
}
