// SPDX-License-Identifier: MIT
import { homedir } from "node:os";

/** The environment variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The user's home directory. */
export function homeOf(environment: Environment): string {
  return environment["HOME"] || homedir();
}
