// SPDX-License-Identifier: MIT
import type { SourceOptions, TargetOptions } from "../../image/by-reference/with-reference.ts";
import type { Context } from "../context.ts";

/** The flags that say how references are read and written. */
export interface ReferenceFlags {
  readonly json?: true;
  readonly platform?: string;
  readonly dryRun?: true;
}

/** What a library function that takes references is told by flags. @throws OciError `invalid-platform` */
export async function referenceOptions(
  { platform, dryRun }: ReferenceFlags,
  { signal, registry }: Context,
): Promise<SourceOptions & TargetOptions & { readonly dryRun: boolean }> {
  const reach = { signal, registry, dryRun: dryRun === true };
  if (platform === undefined) return reach;
  const { parsePlatform } = await import("../../oci/platform.ts");
  return { ...reach, platform: parsePlatform(platform) };
}
