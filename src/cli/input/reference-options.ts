// SPDX-License-Identifier: MIT
import type { SourceOptions, TargetOptions } from "../../image/by-reference/with-reference.ts";
import { defaultSpoolDirectory } from "../../store/cache-directory.ts";
import type { Session } from "../command.ts";
import { showSpooling } from "../progress/show-spooling.ts";

/** The flags that control how references are read and written. */
export interface ReferenceFlags {
  readonly json?: true;
  readonly platform?: string;
  readonly dryRun?: true;
  readonly replace?: true;
}

/** Turns flags into options of the library functions that take references. @throws OciError `invalid-platform` */
export async function referenceOptions(
  { platform, dryRun, replace }: ReferenceFlags,
  session: Session,
): Promise<SourceOptions & TargetOptions & { readonly dryRun: boolean }> {
  const { env, signal, registry, limits } = session.context;
  const spooling = { spoolDirectory: defaultSpoolDirectory(env), onSpool: showSpooling(session) };
  const reach = { signal, registry, limits, ...spooling, replace, dryRun: dryRun === true };
  if (platform === undefined) return reach;
  const { parseTypedPlatform } = await import("../../oci/known-platforms.ts");
  return { ...reach, platform: parseTypedPlatform(platform, session.warn) };
}
