// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { homeDirectory } from "../files/home-directory.ts";

/** The folder of the cache with the records of uploads that are not ended. */
export const UPLOADS = "uploads";

/**
 * The default cache directory: `$OCI_KIT_CACHE`, else `oci-kit` in `$XDG_CACHE_HOME`, else `.cache/oci-kit`
 * in the home directory.
 */
export function defaultCacheDirectory(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const own = env["OCI_KIT_CACHE"];
  if (own !== undefined && own !== "") return own;
  const shared = env["XDG_CACHE_HOME"];
  if (shared?.startsWith("/") === true) return join(shared, "oci-kit");
  return join(homeDirectory(env), ".cache", "oci-kit");
}

/** The default directory for temporary files that have no destination on this machine to be kept beside. */
export function defaultSpoolDirectory(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  return join(defaultCacheDirectory(env), "spool");
}

/** The default directory of the records of uploads that are not ended. */
export function defaultJournalDirectory(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  return join(defaultCacheDirectory(env), UPLOADS);
}
