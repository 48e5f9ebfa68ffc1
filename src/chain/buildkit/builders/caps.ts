// SPDX-License-Identifier: MIT
import type { BuildRequest } from "../request/build-request.ts";

/** The first BuildKit that caps the memory and processors of each RUN. Others leave the options out and say nothing. */
const FIRST = [0, 31] as const;

/** Whether every BuildKit of these versions (`v0.31.1`, `0.29.1+ds1`) caps what a build runs. */
export function canCap(versions: readonly string[]): boolean {
  return versions.length > 0 && versions.every(isRecent);
}

function isRecent(version: string): boolean {
  const [, major, minor] = /^v?(\d{1,6})\.(\d{1,6})\b/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return false;
  return Number(major) > FIRST[0] || (Number(major) === FIRST[0] && Number(minor) >= FIRST[1]);
}

/** In microseconds: the usual period of the kernel's scheduler. */
const PERIOD = 100_000;

/** The caps of a request, as BuildKit calls them. None where the builder would not keep them. */
export function capsOf(
  { caps }: { readonly caps: boolean },
  { memory, cpus }: Pick<BuildRequest, "memory" | "cpus">,
): readonly (readonly [name: string, value: string])[] {
  if (!caps) return [];
  const quota = cpus === undefined ? undefined : Math.max(1000, Math.round(cpus * PERIOD));
  return [
    ...(memory === undefined ? [] : [["memory", String(memory)] as const]),
    ...(quota === undefined
      ? []
      : ([
          ["cpu-period", String(PERIOD)],
          ["cpu-quota", String(quota)],
        ] as const)),
  ];
}
