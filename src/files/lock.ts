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

// A lock is a set of files `<path>.<owner>`, each made exclusively under a name of its own. Whoever
// wants the lock makes its file, and then has the lock if no other living owner's file is there;
// else it takes its own away and tries again. Of two that do so at once, each made its file before it
// looked, so never both get it. A dead owner's file can be removed by anybody at any moment: its name
// never comes back, so nothing alive can be hit.

/** Options of {@link withLock}. */
export interface LockOptions extends AbortOptions {
  /** Milliseconds to wait for the owner. */
  readonly timeout?: number | undefined;
  /** For messages: what is locked. */
  readonly what?: string | undefined;
  /** Told once, when there is somebody to wait for: who that is, for people. */
  readonly onWait?: ((holder: string) => void) | undefined;
}

/** How long an edit waits for another process unless told. */
export const DEFAULT_LOCK_TIMEOUT = 60_000;
/** A lock of another host or container is dead when its file was not touched for so long. */
const FOREIGN_AGE = 10 * 60_000;
const HEARTBEAT = 60_000;
/** Who lives has touched its file within this. */
const SILENCE = 2 * HEARTBEAT;
const SHORTEST_WAIT = 5;
const LONGEST_WAIT = 25;

/**
 * Does the work while no other process, and nobody else in this one, holds the lock of this path. The
 * lock goes when the work ends, fails, or its process dies by whatever means. Not re-entrant.
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

/** Synchronous: no other task of this process comes between. */
function attempt(path: string): Attempt {
  try {
    const holder = livingHolder(path);
    if (holder !== undefined) return { holder };
    const mine = ownedName(path);
    const since = new Date().toISOString();
    const who = `process ${process.pid} on ${hostname()} since ${since}\n${describeBoot()}\n`;
    writeFileSync(mine, who, { flag: "wx" });
    const other = livingHolder(path, mine);
    if (other === undefined) return { mine };
    rmSync(mine, { force: true });
    return { holder: other };
  } catch (error) {
    throw fileError("unwritable", path, error);
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
