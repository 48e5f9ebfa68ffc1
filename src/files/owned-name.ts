// SPDX-License-Identifier: MIT
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, readdirSync, readlinkSync, rmSync, lstatSync } from "node:fs";
import { hostname } from "node:os";
import { basename, join } from "node:path";

// Names of temporary files, directories and locks that say which process they belong to, so that
// whoever finds one can tell whether its owner still lives: <stem>.<realm>.<pid>.<start>.<random>.
// The realm is where process ids mean the same: one boot of one host, one pid namespace.

const OWNED = /^(.+)\.([0-9a-f]{12})\.(\d{1,10})\.(\d{1,20})\.[0-9a-f]{16}$/;

/** A new name with this stem that this process owns. No two are ever equal. */
export function ownedName(stem: string): string {
  const start = startTime(process.pid) ?? "0";
  return [stem, realm(), process.pid, start, randomBytes(8).toString("hex")].join(".");
}

/** The stem of a name that {@link ownedName} made; undefined for any other. */
export function stemOf(name: string): string | undefined {
  return OWNED.exec(name)?.[1];
}

/**
 * Whether nobody owns the file any more. Certain where process ids can be compared; a name of
 * another host, container or maker counts as abandoned when the file was not touched for `age`
 * milliseconds.
 */
export function isAbandoned(path: string, age: number): boolean {
  const [, , where, pid, start] = OWNED.exec(basename(path)) ?? [];
  if (where === realm()) return !isAlive(Number(pid), String(start));
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.mtimeMs > age;
}

/**
 * Removes what dead processes of this user left in a directory under {@link ownedName}s with this prefix,
 * and what is of processes that can't be looked for and not touched for `age` milliseconds. Nothing of
 * another user, who could exchange it for a link meanwhile, is touched, nor any other name. Safe at any
 * time, by any number of processes.
 */
export function sweepAbandoned(directory: string, prefix: string, age: number): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (!name.startsWith(prefix) || stemOf(name) === undefined) continue;
    if (isOurs(path) && isAbandoned(path, age)) rmSync(path, { recursive: true, force: true });
  }
}

function isOurs(path: string): boolean {
  const owner = lstatSync(path, { throwIfNoEntry: false })?.uid;
  return owner !== undefined && owner === (process.geteuid?.() ?? owner);
}

let knownRealm: string | undefined;

function realm(): string {
  knownRealm ??= createHash("sha256")
    .update([hostname(), bootId(), pidNamespace()].join("\0"))
    .digest("hex")
    .slice(0, 12);
  return knownRealm;
}

function bootId(): string {
  return orElse("", () => readFileSync("/proc/sys/kernel/random/boot_id", "latin1"));
}

function pidNamespace(): string {
  return orElse("", () => readlinkSync("/proc/self/ns/pid"));
}

function isAlive(pid: number, start: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and is somebody else's.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const now = startTime(pid);
  return now === undefined || now === start;
}

/** When a process started, in its host's clock ticks: tells a process from a later one with its id. */
function startTime(pid: number): string | undefined {
  const stat = orElse(undefined, () => readFileSync(`/proc/${pid}/stat`, "latin1"));
  // proc(5): the name in parentheses may hold anything; after it come the state (3) and, as 22, the start.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A zombie was killed already: nobody has asked for its status yet.
  return fields?.[0] === "Z" ? "-" : fields?.[19];
}

function orElse<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
