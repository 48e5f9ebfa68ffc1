// SPDX-License-Identifier: MIT
import { existsSync, statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileError } from "../../../files/system-error.ts";
import { OciError } from "../../../oci/errors.ts";
import { quote } from "../../../oci/quote.ts";

/** What a stage needs on the disk, and why that is thought. */
export interface DiskNeed {
  readonly stage: string;
  /** In bytes, as configured. */
  readonly least?: number | undefined;
  /** In bytes: what it took last time. */
  readonly tookBefore?: number | undefined;
}

/** More than last time: what is copied grows a little with each version. */
const MARGIN = 1.2;

/**
 * Checks that the disks of these places have room for a stage, before hours of work end with a full one. A place that
 * does not exist yet is on the disk of the nearest directory above it.
 * @returns the free bytes of the fullest of them
 * @throws OciError `unwritable` when there is too little, `unreadable`
 */
export function checkFreeDisk(places: readonly string[], need: DiskNeed): number {
  const { stage, least = 0, tookBefore = 0 } = need;
  const wanted = Math.max(least, Math.ceil(tookBefore * MARGIN));
  let smallest = Infinity;
  for (const place of places) {
    const free = freeBytes(place);
    smallest = Math.min(smallest, free);
    if (free < wanted) throw tooLittle(stage, place, free, wanted, tookBefore * MARGIN >= least);
  }
  return smallest;
}

/** The bytes that this user may still write there. @throws OciError `unreadable` */
export function freeBytes(place: string): number {
  let directory = resolve(place);
  while (!existsSync(directory) && dirname(directory) !== directory) directory = dirname(directory);
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch (error) {
    throw fileError("unreadable", directory, error);
  }
}

function tooLittle(
  stage: string,
  place: string,
  free: number,
  wanted: number,
  isByMemory: boolean,
): OciError {
  const why = isByMemory ? "a fifth more than it took last time" : "the configured least";
  return new OciError(
    "unwritable",
    `${stage}: expected ${inGigabytes(wanted)} free on the disk of ${quote(place)}, ${why}, got ${inGigabytes(free)}`,
    {
      details: { stage, place, free, wanted },
      hint: "Make room there (oci-kit prune and oci-kit cache prune show what can go), or put OCI_KIT_CACHE on another disk.",
    },
  );
}

function inGigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
