// SPDX-License-Identifier: MIT
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { join } from "node:path";

const CLI = join(import.meta.dirname, "../../bin/oci-kit");

/** An ordinary user, and the group with the same number. */
export const ORDINARY_USER = 65_534;

/**
 * Runs the built command line as some user, and returns the result that `--json` prints. @throws unless it
 * exits with 0
 */
export function runCli(words: readonly string[], user = 0): unknown {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...words, "--json"], {
    ...{ uid: user, gid: user, cwd: "/", encoding: "utf8", maxBuffer: 1 << 28 },
    env: { ...process.env, NODE_OPTIONS: "", HOME: "/nonexistent" },
  });
  if (status !== 0) throw new Error(`oci-kit ${words.join(" ")}: status ${status}\n${stderr}`);
  return JSON.parse(stdout);
}

/** Starts the built command line and ignores its output. */
export function startCli(words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [CLI, ...words], { stdio: "ignore" });
}
