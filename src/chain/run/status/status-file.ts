// SPDX-License-Identifier: MIT
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isOciError } from "../../../oci/errors.ts";
import { withLock } from "../../../files/lock.ts";
import { makeDirectories } from "../../../files/make-directories.ts";
import { sweepAbandoned } from "../../../files/owned-name.ts";
import { replaceDurably } from "../../../files/replace-durably.ts";
import { fileError, writing } from "../../../files/system-error.ts";
import { type ChainStatus, parseStatus, type UnitStatus } from "./chain-status.ts";

/** The name of the status file in the state directory. */
export const STATUS_FILE = "status.json";
const STEM = ".status";
const LOCK = ".run.lock";
const KEPT_INPUTS = 20;
/** In milliseconds, for what another machine left. */
const ABANDONED_AGE = 24 * 3600_000;

/** The status of the last run; undefined when there was none. @throws OciError `invalid-json`, `unreadable` */
export function readStatus(state: string): ChainStatus | undefined {
  const path = join(state, STATUS_FILE);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw fileError("unreadable", path, error);
  }
  return parseStatus(text, path);
}

/** Whether a run is going on there now. */
export async function isRunning(state: string): Promise<boolean> {
  if (!existsSync(state)) return false;
  try {
    await withLock(join(state, LOCK), () => undefined, { timeout: 0 });
    return false;
  } catch (error) {
    if (isOciError(error, "locked")) return true;
    throw error;
  }
}

/**
 * Does work as the only run of this state directory. The lock ends with the process, however that ends.
 * @throws OciError `locked` at once when another run is going on
 */
export async function asOnlyRun<T>(state: string, work: () => Promise<T>): Promise<T> {
  writing(state, () => makeDirectories(state));
  return withLock(join(state, LOCK), work, { timeout: 0, what: "chain build" });
}

/** Writes a status as things happen: whole each time, so that a reader and a power cut see one or the other. */
export interface StatusWriter {
  readonly runId: string;
  /** Of the unit, from this run or one before. */
  unit(id: string): UnitStatus | undefined;
  set(id: string, status: Omit<UnitStatus, "made" | "runId">): void;
  end(result: NonNullable<ChainStatus["result"]>): void;
}

/** Starts the status of a run. What is known of units from runs before stays. @throws OciError `unwritable` */
export function openStatus(
  state: string,
  runId: string,
  before: ChainStatus | undefined,
  now: () => Date = () => new Date(),
): StatusWriter {
  // what a run left that was killed while it wrote
  writing(state, () => sweepAbandoned(state, STEM, ABANDONED_AGE));
  const started = now().toISOString();
  const units = new Map(Object.entries(before?.units ?? {}));
  const write = (result?: ChainStatus["result"]): void => {
    const status: ChainStatus = {
      version: 1,
      runId,
      started,
      updated: now().toISOString(),
      ...(result !== undefined && { result }),
      units: Object.fromEntries(units),
    };
    const bytes = Buffer.from(`${JSON.stringify(status, null, 1)}\n`);
    replaceDurably(state, STATUS_FILE, bytes, { stem: STEM });
  };
  write();
  return {
    runId,
    unit: (id) => units.get(id),
    set(id, status) {
      const made = madeOf(units.get(id)?.made, status);
      units.set(id, { ...status, runId, ...(made !== undefined && { made }) });
      write();
    },
    end: write,
  };
}

function madeOf(
  before: UnitStatus["made"],
  { inputs, digest }: Pick<UnitStatus, "inputs" | "digest">,
): UnitStatus["made"] {
  if (inputs === undefined || digest === undefined) return before;
  const others = Object.entries(before ?? {}).filter(([key]) => key !== inputs);
  return Object.fromEntries([...others.slice(-KEPT_INPUTS), [inputs, digest]]);
}
