// SPDX-License-Identifier: MIT
import { closeSync, fsyncSync, openSync } from "node:fs";
import { open } from "node:fs/promises";
import { fileError, systemCode } from "../system-error.ts";

/**
 * Errors that mean that a directory can't be synced: its file system does not support it, or the user may not
 * read it.
 */
const NOT_TO_BE_DONE = new Set(["EINVAL", "ENOTSUP", "EOPNOTSUPP", "EBADF", "EISDIR", "EACCES"]);

/** Makes changes of names in a directory durable, where that is possible. @throws the system's error */
export function syncDirectory(directory: string): void {
  let fd: number | undefined;
  try {
    fd = openSync(directory, "r");
    fsyncSync(fd);
  } catch (error) {
    if (!NOT_TO_BE_DONE.has(systemCode(error) ?? "")) throw error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

interface Syncing {
  readonly running: Promise<void>;
  next?: Promise<void>;
}

const underWay = new Map<string, Syncing>();

/**
 * As {@link syncDirectory}, but asynchronous. All calls made while one sync is running share the next one.
 * @throws OciError `unwritable`, `not-found`
 */
export function syncDirectoryTogether(directory: string): Promise<void> {
  const known = underWay.get(directory);
  if (known === undefined) return start(directory);
  known.next ??= known.running.catch(() => undefined).then(() => start(directory));
  return known.next;
}

function start(directory: string): Promise<void> {
  const running = sync(directory).finally(() => {
    if (underWay.get(directory)?.running === running) underWay.delete(directory);
  });
  underWay.set(directory, { running });
  return running;
}

async function sync(directory: string): Promise<void> {
  try {
    const file = await open(directory, "r");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (NOT_TO_BE_DONE.has(systemCode(error) ?? "")) return;
    throw fileError("unwritable", directory, error);
  }
}
