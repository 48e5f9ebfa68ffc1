// SPDX-License-Identifier: MIT
import { formatPlatform, parsePlatform } from "../../oci/platform.ts";
import type { ChainDeclaration } from "./declaration.ts";

/** Node's names of architectures where the OCI's differ. */
const ARCHITECTURES: ReadonlyMap<string, string> = new Map([
  ["x64", "amd64"],
  ["ia32", "386"],
  ["ppc64", "ppc64le"],
  ["loong64", "loong64"],
]);

/**
 * The build platform of a machine, if the chain may be built on it; otherwise the usual one, where its images come
 * from.
 * @param machine as `process.arch` says it
 */
export function buildHostOf(
  { buildPlatforms }: Pick<ChainDeclaration, "buildPlatforms">,
  machine: string = process.arch,
): string | undefined {
  const name = `linux/${ARCHITECTURES.get(machine) ?? machine}`;
  return (
    buildPlatforms.find((one) => formatPlatform(parsePlatform(one)) === name) ?? buildPlatforms[0]
  );
}
