// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "../fuzz/random.ts";
import { cutPower, everythingOf, writeState } from "./cut-power.ts";
import type { DiskLog } from "./disk-log.ts";
import { recordDisk } from "./record-disk.ts";

/** Checks the directory of a disk. Fails if something on it is not as promised. */
export type Check = (disk: string) => unknown;

/** The means by which work under test reports its promises. */
export interface Job {
  /** The directory that stands for the disk. */
  readonly disk: string;
  /** Records that something was acknowledged now and must survive. The returned function ends the promise. */
  readonly acknowledge: (what: string, check: Check) => () => void;
  /** Records a promise for every moment, such as: whatever is marked as complete is complete. */
  readonly always: (what: string, check: Check) => void;
}

interface Promised {
  readonly what: string;
  readonly check: Check;
  readonly from: number;
  until: number;
}

export interface RecordedWork {
  readonly log: DiskLog;
  readonly promised: readonly Promised[];
  /** Removes the disk. */
  remove(): void;
}

/** Runs work on its own disk, and records what the work changed and when it acknowledged what. */
export async function recordWork(work: (job: Job) => Promise<void>): Promise<RecordedWork> {
  const top = mkdtempSync(join(tmpdir(), "oci-kit-power-"));
  mkdirSync(join(top, "disk"));
  const promised: Promised[] = [];
  const disk = recordDisk(join(top, "disk"));
  const add = (what: string, check: Check, from: number): (() => void) => {
    const promise = { what, check, from, until: Infinity };
    promised.push(promise);
    return () => (promise.until = disk.now());
  };
  try {
    await work({
      disk: disk.directory,
      acknowledge: (what, check) => add(what, check, disk.now()),
      always: (what, check) => void add(what, check, 0),
    });
  } finally {
    disk.stop();
  }
  return { log: disk.log, promised, remove: () => rmSync(top, { recursive: true }) };
}

/** Checks the disk without any loss. A fault found here is one of the work or of the recording. */
export function findFaults(work: RecordedWork): Promise<string[]> {
  return onDisk(work, work.log.changes.length, (path) => writeState(everythingOf(work.log), path));
}

/** Cuts the power once, at a moment that the seed determines, and returns the promises that were broken. */
export async function findLosses(work: RecordedWork, seed: number): Promise<string[]> {
  const { log, promised } = work;
  const random = createRandom(seed);
  const moments = promised.map(({ from }) => from).filter((from) => from > 0);
  // Half of the cuts come right after an acknowledgement.
  const after =
    random.oneIn(2) && moments.length > 0
      ? random.of(moments)
      : random.below(log.changes.length + 1);
  const state = cutPower(log, after, () => random.below(2 ** 32) / 2 ** 32);
  const losses = await onDisk(work, after, (path) => writeState(state, path));
  return losses.map((loss) => `seed ${seed}, after change ${after}: ${loss}`);
}

async function onDisk(
  { promised }: RecordedWork,
  after: number,
  write: (path: string) => void,
): Promise<string[]> {
  const top = mkdtempSync(join(tmpdir(), "oci-kit-power-"));
  const path = join(top, "disk");
  const losses: string[] = [];
  try {
    write(path);
    for (const { what, check, from, until } of promised) {
      if (from > after || until < after) continue;
      try {
        await check(path);
      } catch (error) {
        losses.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  } finally {
    rmSync(top, { recursive: true });
  }
  return losses;
}
