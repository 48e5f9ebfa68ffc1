// SPDX-License-Identifier: MIT
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, utimesSync } from "node:fs";
import { join } from "node:path";
import type { AbortOptions } from "../bytes/bytes.ts";
import { OciError } from "../oci/errors.ts";
import { quote } from "../oci/quote.ts";
import { fileError, systemCode, writing } from "../files/system-error.ts";
import { withLock, type LockOptions } from "../files/lock.ts";
import { makeDirectories } from "../files/make-directories.ts";
import { isAbandoned, ownedName } from "../files/owned-name.ts";
import { removeTree } from "../files/remove-tree.ts";

/** A cache of directories by key. Each is made once, and is either complete or absent. */
export interface DigestCache {
  readonly directory: string;
  /** The path of a complete directory, which is marked as used now. Undefined when there is none. */
  readonly get: (key: string) => Promise<string | undefined>;
  /**
   * Returns the path of the key's directory, and makes it with `create` if it is missing. When two callers,
   * in one process or in two, ask for the same key, one makes it and the other waits. `create` fills an empty
   * private directory, which is renamed into place when it is complete. If `create` fails or its process is
   * killed, nobody ever sees a part of it. An error of `create` is passed on.
   * @throws OciError `locked` when another process is still making the directory after the timeout
   */
  readonly getOrCreate: (
    key: string,
    create: (directory: string) => Promise<void>,
    options?: GetOrCreateOptions,
  ) => Promise<string>;
  /** The complete directories, by key. @throws OciError `unreadable` */
  readonly list: () => Promise<readonly CacheEntry[]>;
  /**
   * Moves a directory out of sight in one step, so that nobody ever finds half of it, and returns the
   * function that removes it. Returns undefined when there is no such directory or another process moved it
   * first.
   */
  readonly setAside: (key: string) => Promise<RemoveAside | undefined>;
  /**
   * Removes directories that have not been used for `olderThan` milliseconds, and the leftovers of killed
   * processes. A path that was returned more recently than that stays valid.
   */
  readonly sweep: (options: AbortOptions & { readonly olderThan: number }) => Promise<CacheSweep>;
}

/** Options of {@link DigestCache.getOrCreate}. */
export interface GetOrCreateOptions extends AbortOptions {
  /** Milliseconds to wait while another caller makes the same key. Default: half an hour. */
  readonly timeout?: number | undefined;
  /** As {@link LockOptions.onWait}: called once, when another process is making the same key. */
  readonly onWait?: LockOptions["onWait"];
}

/** A complete directory. */
export interface CacheEntry {
  readonly key: string;
  readonly path: string;
  /** When it was made or last used. */
  readonly usedAt: Date;
}

/**
 * Removes what was set aside. If that fails or is aborted, a later sweep does it.
 * @throws OciError `unwritable`
 */
export type RemoveAside = (options?: AbortOptions) => Promise<void>;

/** What a sweep removed and kept. */
export interface CacheSweep {
  readonly removed: readonly string[];
  readonly kept: number;
}

const KEY = /^[A-Za-z0-9][A-Za-z0-9._:=+-]{0,199}$/;
const LOCKS = ".locks";
const NEW = ".new";
const OLD = ".old";
const TIMEOUT = 30 * 60_000;
const ABANDONED_AGE = 24 * 3600_000;

/**
 * Opens a cache of directories. The cache directory itself is made with the first key. Nothing is kept open,
 * so there is nothing to close. A key is one path segment of letters, digits and `._:=+-`, such as a digest
 * or a name that contains one.
 */
export function openDigestCache(directory: string): DigestCache {
  const get = async (key: string): Promise<string | undefined> => {
    const path = join(directory, checkKey(key));
    return Promise.resolve(use(path) ? path : undefined);
  };
  return {
    directory,
    get,
    getOrCreate: async (key, create, { timeout = TIMEOUT, signal, onWait } = {}) => {
      const known = await get(key);
      if (known !== undefined) return known;
      const locks = join(directory, LOCKS);
      writing(locks, () => makeDirectories(locks));
      const make = async (): Promise<string> => (await get(key)) ?? publish(directory, key, create);
      const what = `cache ${quote(key)}`;
      return withLock(join(locks, key), make, { timeout, signal, what, onWait });
    },
    list: async () => Promise.resolve(listEntries(directory)),
    setAside: async (key) => Promise.resolve(setAside(directory, checkKey(key))),
    sweep: (options) => sweep(directory, options),
  };
}

/** Whether a directory is such a cache, or was one. */
export function isDigestCache(directory: string): boolean {
  return existsSync(join(directory, LOCKS));
}

function checkKey(key: string): string {
  if (KEY.test(key)) return key;
  throw new OciError(
    "invalid-argument",
    `cache key: expected letters, digits and ._:=+-, got ${quote(key)}`,
    { details: { key } },
  );
}

/** Marks a directory as used now. Returns false when it is not there. */
function use(path: string): boolean {
  try {
    const now = new Date();
    utimesSync(path, now, now);
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    // A read-only cache can still be used: its times just stay as they are.
    return existsSync(path);
  }
}

async function publish(
  directory: string,
  key: string,
  create: (directory: string) => Promise<void>,
): Promise<string> {
  const path = join(directory, key);
  const fresh = join(directory, ownedName(NEW));
  writing(fresh, () => mkdirSync(fresh, { mode: 0o700 }));
  try {
    await create(fresh);
    writing(path, () => renameSync(fresh, path));
  } catch (error) {
    // If this can't be removed now, a later sweep does it. The first error is the one to report.
    await removeTree(fresh).catch(() => undefined);
    throw error;
  }
  use(path);
  return path;
}

function listEntries(directory: string): CacheEntry[] {
  const entries: CacheEntry[] = [];
  for (const key of listNames(directory)) {
    if (!KEY.test(key)) continue;
    const path = join(directory, key);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats !== undefined) entries.push({ key, path, usedAt: stats.mtime });
  }
  return entries;
}

function listNames(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw fileError("unreadable", directory, error);
  }
}

async function sweep(
  directory: string,
  { olderThan, signal }: AbortOptions & { readonly olderThan: number },
): Promise<CacheSweep> {
  for (const name of listNames(directory)) {
    const ours = name.startsWith(NEW) || name.startsWith(OLD);
    if (!ours || !isAbandoned(join(directory, name), ABANDONED_AGE)) continue;
    await setAside(directory, name)?.({ signal });
  }
  const removed: string[] = [];
  const entries = listEntries(directory);
  for (const { key, usedAt } of entries) {
    if (Date.now() - usedAt.getTime() <= olderThan) continue;
    await setAside(directory, key)?.({ signal });
    removed.push(key);
  }
  return { removed, kept: entries.length - removed.length };
}

/** When several callers set aside the same name, only one of them gets it. */
function setAside(directory: string, name: string): RemoveAside | undefined {
  const old = join(directory, ownedName(OLD));
  try {
    renameSync(join(directory, name), old);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw fileError("unwritable", join(directory, name), error);
  }
  return (options) => removeTree(old, options);
}
