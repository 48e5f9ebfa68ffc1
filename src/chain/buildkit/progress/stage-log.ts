// SPDX-License-Identifier: MIT
import { closeSync, openSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeDirectories } from "../../../files/make-directories.ts";
import { writeWhole } from "../../../files/regular-file.ts";
import { systemCode, writing } from "../../../files/system-error.ts";
import { checkStageName } from "../request/stage-name.ts";
import type { BuildEvent } from "./build-event.ts";

/** The file with all that a stage's build printed. */
export interface StageLog {
  readonly path: string;
  write(event: BuildEvent): void;
  /** Why the log is not whole; undefined when it is. A log that can't be written does not fail a build. */
  failure(): unknown;
  close(): void;
}

const ARCHIVE = "archive";
const KEPT_RUNS = 5;
const ENDING = ".log";

/**
 * Makes the log of one stage, `<directory>/<name>.log`; one of that name is replaced.
 * @throws OciError `unwritable`, `invalid-argument` for a name that is no file's
 */
export function openStageLog(directory: string, name: string): StageLog {
  const path = join(directory, `${checkStageName(name)}${ENDING}`);
  const fd = writing(path, () => {
    makeDirectories(directory);
    // A new file: whoever still reads or writes the one of another run keeps that.
    rmSync(path, { force: true });
    return openSync(path, "wx", 0o666);
  });
  let failed: unknown;
  return {
    path,
    write: (event) => {
      const line = describe(event);
      if (line === undefined || failed !== undefined) return;
      try {
        writeWhole(fd, Buffer.from(`${line}\n`));
      } catch (error) {
        failed = error;
      }
    },
    failure: () => failed,
    close: () => closeSync(fd),
  };
}

/** A line of the log, in the shape of BuildKit's own plain progress. Transfers are not logged, only shown. */
function describe(event: BuildEvent): string | undefined {
  switch (event.kind) {
    case "step-started":
      return `#${event.step.number} ${event.step.name}`;
    case "step-finished":
      return `#${event.step.number} ${event.outcome.toUpperCase()} ${(event.milliseconds / 1000).toFixed(1)}s`;
    case "output":
      return `#${event.step.number} ${event.line}`;
    case "remark":
      return event.text;
    case "progress-broken":
      return "(what follows could not be read)";
    case "transfer":
    case "context-sent":
      return undefined;
  }
}

/**
 * Moves the logs of the run before into `archive/<when>`, and keeps the newest five of those. Called once before a
 * run's first stage. A directory that does not exist is fine.
 * @throws OciError `unwritable`
 */
export function archiveLogs(directory: string): void {
  writing(directory, () => {
    const logs = names(directory).filter((name) => name.endsWith(ENDING));
    const newest = Math.max(0, ...logs.map((name) => modified(join(directory, name))));
    if (logs.length > 0) {
      const place = join(directory, ARCHIVE, stamp(newest));
      makeDirectories(place);
      for (const name of logs) moveLog(join(directory, name), join(place, name));
    }
    const runs = names(join(directory, ARCHIVE)).sort();
    for (const run of runs.slice(0, Math.max(0, runs.length - KEPT_RUNS))) {
      rmSync(join(directory, ARCHIVE, run), { recursive: true, force: true });
    }
  });
}

function moveLog(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // Another run has moved it.
    if (systemCode(error) !== "ENOENT") throw error;
  }
}

/** When a run ended, as a name that sorts by time. */
function stamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replaceAll(/[-:]/g, "").replace(".", "-");
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
