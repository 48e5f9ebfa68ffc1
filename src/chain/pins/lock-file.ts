// SPDX-License-Identifier: MIT
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { replaceDurably } from "../../files/replace-durably.ts";
import { fileError } from "../../files/system-error.ts";
import { type ChainLock, formatLock, parseLock } from "./chain-lock.ts";

/** The name of the lock file, in the directory of the project. */
export const LOCK_FILE = "chain.lock";
/** Where the lock of a chain is. A variant has its own, because its units have the same names. */
export function lockPath(directory: string, variant: string | undefined): string {
  return join(directory, variant === undefined ? LOCK_FILE : `chain-${variant}.lock`);
}

const STEM = ".chain.lock.oci-kit";

/**
 * Reads a lock file. Undefined only when there is none.
 * @throws OciError `unreadable`, `invalid-json`: such a lock says nothing, which is not the same as no lock
 */
export async function readLock(path: string): Promise<ChainLock | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw fileError("unreadable", path, error);
  }
  return parseLock(text, path);
}

/**
 * Writes a lock file, whole or not at all. A lock that says the same is not written again.
 * @returns whether the file changed
 * @throws OciError `unwritable`, `not-found` for the directory
 */
export async function writeLock(path: string, lock: ChainLock): Promise<boolean> {
  const text = formatLock(lock);
  const before = await readFile(path, "utf8").catch(() => undefined);
  if (before === text) return false;
  replaceDurably(dirname(path), basename(path), new TextEncoder().encode(text), { stem: STEM });
  return true;
}
