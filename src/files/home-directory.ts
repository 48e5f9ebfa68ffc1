// SPDX-License-Identifier: MIT
import { homedir, userInfo } from "node:os";

/**
 * The user's home directory: what `HOME` names, else what the system knows of the user. A number without a user, as
 * containers run under, has `/`, which docker also sets `HOME` to then.
 */
export function homeDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  const { HOME } = environment;
  if (HOME) return HOME;
  try {
    // With an empty HOME the first is empty too: below it, names would be relative to the working directory.
    return homedir() || userInfo().homedir;
  } catch {
    return "/";
  }
}
