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

/** Directories by key, each made once, and whole or not there at all. */
export interface DigestCache {
  readonly directory: string;
  /** The path of a complete directory, marked as used now; undefined when there is none. */
  readonly get: (key: string) => Promise<string | undefined>;
  /**
   * The path of the key's directory, made by `create` when it is not there: two that ask at once, in
   * one process or two, make it once, and the second waits. `create` fills an empty private directory,
   * which is renamed into place when it is done; when it fails or its process is killed, at any
   * moment, nothing is ever seen of it. What `create` throws is thrown.
   * @throws OciError `locked` when another process is still making it after the timeout
   */
  readonly getOrCreate: (
    key: string,
    create: (directory: string) => Promise<void>,
    options?: GetOrCreateOptions,
  ) => Promise<string>;
  /** The complete directories, by key. @throws OciError `unreadable` */
  readonly list: () => Promise<readonly CacheEntry[]>;
  /**
   * Takes a directory out of sight in one step, so that nobody ever finds half of it; what is given
   * back removes it. Undefined when there is none, or another was quicker.
   */
  readonly setAside: (key: string) => Promise<RemoveAside | undefined>;
  /**
   * Removes what was not used for `olderThan` milliseconds, and what killed processes left. A path
   * that was handed out less than that ago stays valid.
   */
  readonly sweep: (options: AbortOptions & { readonly olderThan: number }) => Promise<CacheSweep>;
}

/** Options of {@link DigestCache.getOrCreate}. */
export interface GetOrCreateOptions extends AbortOptions {
  /** Milliseconds to wait for another that makes the same key; half an hour unless told. */
  readonly timeout?: number | undefined;
  /** As {@link LockOptions.onWait}: told once, when another makes the same key. */
  readonly onWait?: LockOptions["onWait"];
}

/** A complete directory. */
export interface CacheEntry {
  readonly key: string;
  readonly path: string;
  /** When it was made, or last asked for. */
  readonly usedAt: Date;
}

/** Removes what was set aside; if it fails or is stopped, a later sweep does. @throws OciError `unwritable` */
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
 * Opens a cache of directories; it is made when the first key is. Nothing is kept open. A key is one
 * path segment: letters, digits and `._:=+-`, such as a digest or a name with one.
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

function checkKey(key: string): string {
  if (KEY.test(key)) return key;
  throw new OciError(
    "invalid-argument",
    `cache key: expected letters, digits and ._:=+-, got ${quote(key)}`,
    { details: { key } },
  );
}

/** Marks a directory as used now. False when it is not there. */
function use(path: string): boolean {
  try {
    const now = new Date();
    utimesSync(path, now, now);
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    // A cache that may only be read is a cache all the same.
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
    // What can't be removed now is swept later; what went wrong first is what is told.
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

/** Of any number that want the same name, one gets it. */
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
