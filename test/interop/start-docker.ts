// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runPeer } from "./peers.ts";

/** A Docker daemon with its image store, for one test file. */
export interface RunningDocker {
  /** The directory that holds everything of this Docker. */
  readonly directory: string;
  /** Runs a command of `docker`. */
  run(...words: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

/** Starts Docker with all its files below a directory. Needs root. */
export async function startDocker(directory: string): Promise<RunningDocker> {
  const pid = Number(await runPeer("start-dockerd", [directory]));
  if (!Number.isInteger(pid) || pid < 2) throw new Error("start-dockerd said no pid");
  const env = { DOCKER_HOST: `unix://${join(directory, "docker.sock")}` };
  return {
    directory,
    run: (...words) => runPeer("docker", words, { env }),
    async stop() {
      process.kill(pid);
      for (let attempt = 0; isRunning(pid); attempt += 1) {
        if (attempt === 300) throw new Error(`docker (${pid}) does not end`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
  };
}

/** Whether a process is running; one that has ended but was not reaped (a zombie) is not. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
