// SPDX-License-Identifier: MIT
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Where caches are unless told: `$OCI_KIT_CACHE`, else `oci-kit` in `$XDG_CACHE_HOME`, else in `.cache`
 * of the home directory.
 */
export function defaultCacheDirectory(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const own = env["OCI_KIT_CACHE"];
  if (own !== undefined && own !== "") return own;
  const shared = env["XDG_CACHE_HOME"];
  if (shared?.startsWith("/") === true) return join(shared, "oci-kit");
  return join(env["HOME"] ?? homedir(), ".cache", "oci-kit");
}

/** Where what has to be kept meanwhile goes, when it is on its way to no other place of this machine. */
export function defaultSpoolDirectory(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  return join(defaultCacheDirectory(env), "spool");
}
