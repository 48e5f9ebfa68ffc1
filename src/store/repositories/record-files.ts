// SPDX-License-Identifier: MIT
import {
  closeSync,
  lstatSync,
  opendirSync,
  openSync,
  readdirSync,
  rmSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { makeDirectories } from "../../files/make-directories.ts";
import { syncDirectoryTogether } from "../../files/sync/sync-directory.ts";
import { fileError, systemCode, writing } from "../../files/system-error.ts";
import { OciError } from "../../oci/errors.ts";
import { REPOSITORIES } from "../layout/layout-blobs.ts";

// Records are small files in directories of their own below a layout. That one exists is most of what it says.

/** A directory of records: the layout, and the names of the directories that lead to it. */
export interface RecordPlace {
  readonly layout: string;
  readonly parts: readonly string[];
}

/** The place that belongs to a repository. No part of a valid name starts with `_`, so ours do. */
export function placeOf(layout: string, repository: string, ...parts: string[]): RecordPlace {
  return { layout, parts: [REPOSITORIES, ...repository.split("/"), ...parts] };
}

/** The place below which the repositories are. */
export function topPlace(layout: string): RecordPlace {
  return { layout, parts: [REPOSITORIES] };
}

export function pathOf({ layout, parts }: RecordPlace, ...more: string[]): string {
  return join(layout, ...parts, ...more);
}

/** When a record was written or renewed, in milliseconds; undefined when there is none. */
export function timeOf(place: RecordPlace, name: string): number | undefined {
  const path = pathOf(place, name);
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats?.isFile() === true ? stats.mtimeMs : undefined;
  } catch (error) {
    if (systemCode(error) === "ENOTDIR") return undefined;
    throw fileError("unreadable", path, error);
  }
}

/** The names in a place, sorted; none when it does not exist. */
export function namesIn(place: RecordPlace): string[] {
  const path = pathOf(place);
  try {
    return readdirSync(path).sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw fileError("unreadable", path, error);
  }
}

/** Whether a place holds any record. However many it holds, this reads only the first. */
export function hasRecords(place: RecordPlace): boolean {
  const path = pathOf(place);
  try {
    const directory = opendirSync(path);
    try {
      for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
        if (!entry.name.startsWith(".")) return true;
      }
      return false;
    } finally {
      directory.closeSync();
    }
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw fileError("unreadable", path, error);
  }
}

/** Makes a place durably. @throws OciError `unwritable`; `invalid-layout` when a link is in the way */
export function makePlace({ layout, parts }: RecordPlace): string {
  let path = layout;
  for (const part of parts) {
    path = join(path, part);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) writing(path, () => makeDirectories(path));
    else if (!stats.isDirectory()) throw isLink(path);
  }
  return path;
}

function isLink(path: string): OciError {
  return new OciError(
    "invalid-layout",
    `${JSON.stringify(path)}: expected a directory, got a link or a file`,
    { details: { path } },
  );
}

/** Writes an empty record, or renews the time of the one that is there. It is durable when this resolves. */
export async function writeMark(place: RecordPlace, name: string): Promise<void> {
  noteMark(place, name);
  await syncDirectoryTogether(pathOf(place));
}

/** As {@link writeMark}, without making it durable. */
export function noteMark(place: RecordPlace, name: string): void {
  const path = join(makePlace(place), name);
  writing(path, () => {
    closeSync(openSync(path, "a"));
    const now = new Date();
    utimesSync(path, now, now);
  });
}

/** Removes a record durably. False when there was none. */
export async function removeRecord(place: RecordPlace, name: string): Promise<boolean> {
  if (timeOf(place, name) === undefined) return false;
  const path = pathOf(place, name);
  writing(path, () => rmSync(path, { force: true }));
  await syncDirectoryTogether(pathOf(place));
  return true;
}
