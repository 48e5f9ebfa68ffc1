// SPDX-License-Identifier: MIT
import { readFileSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";

/** What all tests together leave room for, in bytes. */
const ENOUGH = 4 * 1024 ** 3;

/**
 * Where tests put their files: into memory, where there is enough of it and programs in it can run, otherwise where the
 * system has it. Half of the tests write what has to be synced: on a disk they took a quarter longer.
 */
export function temporaryDirectory(): string {
  const given = process.env["TMPDIR"];
  if (given !== undefined) return given;
  try {
    const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
    const last = mounts.findLast((line) => line.startsWith("tmpfs /dev/shm "));
    const { bavail, bsize } = statfsSync("/dev/shm");
    const runs = last?.split(" ")[3]?.split(",").includes("noexec") === false;
    if (runs && bavail * bsize >= ENOUGH) return "/dev/shm";
  } catch {
    // no such place here
  }
  return tmpdir();
}
