// SPDX-License-Identifier: MIT
import { type Platform, formatPlatform, parsePlatform } from "../../oci/platform.ts";
import { architectureTag } from "../../publish/tag-names.ts";
import type { ChainDeclaration } from "./declaration.ts";

/** For which run a graph is made. */
export interface GraphChoice {
  /** Default: the usual build platform. */
  readonly buildPlatform?: string | undefined;
  /** Default: none. */
  readonly variant?: string | undefined;
}

/** The names that every template knows. A configuration can't declare them. */
export const BUILT_IN_VARIABLES = Object.freeze([
  "BUILD_ARCH",
  "HOST_SUFFIX",
  "HOST_MARK",
  "VARIANT",
  "VARIANT_SUFFIX",
] as const);

/** The architecture as it stands in a tag: `riscv64`, or `armv6` for `linux/arm/v6`. */
export function architectureName(platform: Platform): string {
  return architectureTag("x", platform).slice("x-".length);
}

/** The build platform that is chosen, or the usual one. @throws OciError `invalid-platform` */
export function buildPlatformOf(declaration: ChainDeclaration, choice: GraphChoice): Platform {
  return parsePlatform(choice.buildPlatform ?? declaration.buildPlatforms[0] ?? "linux/amd64");
}

/**
 * The variables of every template. `HOST_SUFFIX` and `HOST_MARK` (`-arm64`, `-hostarm64`) are empty on the
 * usual build platform, so that its tags stay short and no other machine's build takes their place;
 * `VARIANT_SUFFIX` (`-nvidia`) is empty without a variant.
 */
export function builtInVariables(
  declaration: ChainDeclaration,
  choice: GraphChoice,
): Readonly<Record<(typeof BUILT_IN_VARIABLES)[number], string>> {
  const platform = buildPlatformOf(declaration, choice);
  const usual = buildPlatformOf(declaration, {});
  const host = architectureName(platform);
  const isUsual = formatPlatform(platform) === formatPlatform(usual);
  const { variant = "" } = choice;
  return {
    BUILD_ARCH: host,
    HOST_SUFFIX: isUsual ? "" : `-${host}`,
    HOST_MARK: isUsual ? "" : `-host${host}`,
    VARIANT: variant,
    VARIANT_SUFFIX: variant === "" ? "" : `-${variant}`,
  };
}
