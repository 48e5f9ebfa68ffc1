// SPDX-License-Identifier: MIT
import { lstatSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { throwIfAborted } from "../bytes/abort.ts";
import type { AbortOptions } from "../bytes/bytes.ts";
import { escapeText } from "../bytes/byte-string.ts";
import { OciError } from "../oci/errors.ts";
import { describeBoot, isOfEarlierBoot } from "./earlier-boot.ts";
import { fileError, systemCode } from "./system-error.ts";
import { isAbandoned, ownedName, stemOf } from "./owned-name.ts";

// A lock is a set of files `<path>.<owner>`, each created exclusively under its own name. To get the lock, a
// process creates its file and then looks for files of other living owners. If there are none, it has the
// lock; else it removes its file and tries again. Of two processes that try at once, both created their files
// before they looked, so never both get the lock. Anyone may remove a dead owner's file at any time: its name
// is never used again, so no living owner can lose its file.

/** Options of {@link withLock}. */
export interface LockOptions extends AbortOptions {
  /** Milliseconds to wait for the owner of the lock. */
  readonly timeout?: number | undefined;
  /** What is locked, for messages. */
  readonly what?: string | undefined;
  /** Called once if the lock has to be waited for. `holder` describes its owner for people. */
  readonly onWait?: ((holder: string) => void) | undefined;
}

/** In milliseconds. How long an edit waits for another process by default. */
export const DEFAULT_LOCK_TIMEOUT = 60_000;
/**
 * In milliseconds. A lock of another host or container counts as dead when its file has not been touched for
 * this long.
 */
const FOREIGN_AGE = 10 * 60_000;
const HEARTBEAT = 60_000;
/** In milliseconds. A living owner touches its file more often than this. */
const SILENCE = 2 * HEARTBEAT;
const SHORTEST_WAIT = 5;
const LONGEST_WAIT = 25;

/**
 * Does work while no other process, and no other task in this one, holds the lock of this path. The lock is
 * released when the work ends or fails, or when its process dies in any way. Not re-entrant.
 * @throws OciError `locked`, naming the owner, after the timeout; `unwritable` where no lock can be made
 */
export async function withLock<T>(
  path: string,
  work: () => T | Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const lock = await acquire(path, options);
  const heartbeat = setInterval(() => touch(lock), HEARTBEAT).unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    rmSync(lock, { force: true });
  }
}

async function acquire(path: string, options: LockOptions): Promise<string> {
  const timeout = options.timeout ?? DEFAULT_LOCK_TIMEOUT;
  const deadline = performance.now() + timeout;
  for (let told = false; ; told = true) {
    const { mine, holder } = attempt(path);
    if (mine !== undefined) return mine;
    if (!told) options.onWait?.(describeHolder(holder));
    if (performance.now() >= deadline) throw locked(path, holder, timeout, options.what);
    await setTimeout(SHORTEST_WAIT + Math.random() * (LONGEST_WAIT - SHORTEST_WAIT));
    throwIfAborted(options.signal, options.what ?? path);
  }
}

type Attempt =
  | { readonly mine: string; readonly holder?: undefined }
  | { readonly mine?: undefined; readonly holder: string };

/** Tries once. It is synchronous, so that no other task of this process comes in between. */
function attempt(path: string): Attempt {
  const mine = ownedName(path);
  try {
    const holder = livingHolder(path);
    if (holder !== undefined) return { holder };
    const since = new Date().toISOString();
    const who = `process ${process.pid} on ${hostname()} since ${since}\n${describeBoot()}\n`;
    writeLock(mine, who);
    const other = livingHolder(path, mine);
    if (other === undefined) return { mine };
    rmSync(mine, { force: true });
    return { holder: other };
  } catch (error) {
    throw fileError("unwritable", mine, error);
  }
}

/** Writes a lock's file, or leaves none: an empty one of a living process would hold everybody up until that ends. */
function writeLock(file: string, who: string): void {
  try {
    writeFileSync(file, who, { flag: "wx" });
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
}

function livingHolder(path: string, mine?: string): string | undefined {
  for (const name of readdirSync(dirname(path))) {
    const file = join(dirname(path), name);
    if (stemOf(name) !== basename(path) || file === mine) continue;
    if (!isAbandoned(file, FOREIGN_AGE) && !isLeftBehind(file)) return file;
    rmSync(file, { force: true });
  }
  return undefined;
}

function isLeftBehind(file: string): boolean {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  const text = readHolder(file);
  if (stats === undefined || text === undefined) return false;
  return isOfEarlierBoot(text, stats.mtimeMs, SILENCE);
}

function touch(lock: string): void {
  try {
    const now = new Date();
    utimesSync(lock, now, now);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}

function locked(path: string, holder: string, timeout: number, what = path): OciError {
  const owner = describeHolder(holder);
  return new OciError("locked", `${what}: waited ${timeout} ms for its lock; held by ${owner}`, {
    details: { path, lock: holder, owner },
    hint: `Wait for that process to end. If it can't be running any more, remove ${JSON.stringify(holder)}.`,
  });
}

function describeHolder(holder: string): string {
  const text = readHolder(holder);
  if (text === undefined) return "a process that has just let go";
  const [who = ""] = text.split("\n", 1);
  return who === "" ? "an unnamed process" : escapeText(who.slice(0, 200));
}

function readHolder(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").slice(0, 1000).trim();
  } catch {
    return undefined;
  }
}
