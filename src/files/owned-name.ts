// SPDX-License-Identifier: MIT
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, readdirSync, readlinkSync, rmSync, lstatSync } from "node:fs";
import { hostname } from "node:os";
import { basename, join } from "node:path";

// Names of temporary files, directories and locks. They contain the process that owns the file, so that
// anyone who finds one can tell whether its owner is still alive: <stem>.<realm>.<pid>.<start>.<random>.
// Within a realm process ids are comparable: it is one boot of one host and one pid namespace.

const OWNED = /^(.+)\.([0-9a-f]{12})\.(\d{1,10})\.(\d{1,20})\.[0-9a-f]{16}$/;

/** Makes a new name with this stem, owned by this process. No two names are ever equal. */
export function ownedName(stem: string): string {
  const start = startTime(process.pid) ?? "0";
  return [stem, realm(), process.pid, start, randomBytes(8).toString("hex")].join(".");
}

/** The stem of a name made by {@link ownedName}. Undefined for any other name. */
export function stemOf(name: string): string | undefined {
  return OWNED.exec(name)?.[1];
}

/**
 * The directory above the first part of a path with an {@link ownedName}: what a message about a temporary file names,
 * since its own name says nothing to anybody. Undefined for any other path.
 */
export function directoryOfOwned(path: string): string | undefined {
  const parts = path.split("/");
  const at = parts.findIndex((part) => stemOf(part) !== undefined);
  if (at < 0) return undefined;
  return at === 0 ? "." : parts.slice(0, at).join("/") || "/";
}

/**
 * Whether the owner of the file is dead. This is certain where process ids can be compared. A file with a
 * name from another host or container, or not made by {@link ownedName}, counts as abandoned when it has not
 * been touched for `age` milliseconds.
 */
export function isAbandoned(path: string, age: number): boolean {
  const [, , where, pid, start] = OWNED.exec(basename(path)) ?? [];
  if (where === realm()) return !isAlive(Number(pid), String(start));
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.mtimeMs > age;
}

/**
 * Removes files with {@link ownedName}s of this prefix from a directory: those of dead processes, and those
 * of processes that can't be checked if they have not been touched for `age` milliseconds. Files of another
 * user are left alone, because that user could replace one with a link at any moment; so are all other names.
 * Safe at any time, and in any number of processes at once.
 * @param except prefixes of files that outlive their owners
 */
export function sweepAbandoned(
  directory: string,
  prefix: string,
  age: number,
  except: readonly string[] = [],
): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (!name.startsWith(prefix) || stemOf(name) === undefined) continue;
    if (except.some((spared) => name.startsWith(spared))) continue;
    if (isOurs(path) && isAbandoned(path, age)) rmSync(path, { recursive: true, force: true });
  }
}

/** Whether this user owns the file: another one could replace it with a link at any moment. */
export function isOurs(path: string): boolean {
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
    // EPERM means that the process is alive and belongs to another user.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const now = startTime(pid);
  return now === undefined || now === start;
}

/**
 * The start time of a process in clock ticks of its host. It distinguishes a process from a later one with
 * the same id.
 */
function startTime(pid: number): string | undefined {
  const stat = orElse(undefined, () => readFileSync(`/proc/${pid}/stat`, "latin1"));
  // proc(5): the name in parentheses may hold any character. The state is field 3, the start time field 22.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A zombie is dead: its parent has just not asked for its exit status yet.
  return fields?.[0] === "Z" ? "-" : fields?.[19];
}

function orElse<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
