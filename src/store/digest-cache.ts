// SPDX-License-Identifier: MIT
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { AbortOptions } from "../bytes/bytes.ts";
import { OciError } from "../oci/errors.ts";
import { quote } from "../oci/quote.ts";
import { systemCode, writing } from "./file-error.ts";
import { withLock } from "./lock.ts";
import { ownedName, sweepAbandoned } from "./owned-name.ts";

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
  /**
   * Removes what was not used for `olderThan` milliseconds, and what killed processes left. A path
   * that was handed out less than that ago stays valid.
   */
  readonly sweep: (options: { readonly olderThan: number }) => Promise<CacheSweep>;
}

/** Options of {@link DigestCache.getOrCreate}. */
export interface GetOrCreateOptions extends AbortOptions {
  /** Milliseconds to wait for another that makes the same key; half an hour unless told. */
  readonly timeout?: number | undefined;
}

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
    getOrCreate: async (key, create, { timeout = TIMEOUT, signal } = {}) => {
      const known = await get(key);
      if (known !== undefined) return known;
      const locks = join(directory, LOCKS);
      writing(locks, () => mkdirSync(locks, { recursive: true }));
      const make = async (): Promise<string> => (await get(key)) ?? publish(directory, key, create);
      return withLock(join(locks, key), make, { timeout, signal, what: `cache ${quote(key)}` });
    },
    sweep: async ({ olderThan }) => Promise.resolve(sweep(directory, olderThan)),
  };
}

/**
 * Where caches are unless told: `$OCI_KIT_CACHE`, else `oci-kit` in `$XDG_CACHE_HOME`, else in `.cache`
 * of the home directory.
 */
export function defaultCacheDirectory(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const own = env["OCI_KIT_CACHE"];
  if (own !== undefined && own !== "") return own;
  const shared = env["XDG_CACHE_HOME"];
  if (shared?.startsWith("/") === true) return join(shared, "oci-kit");
  return join(env["HOME"] ?? homedir(), ".cache", "oci-kit");
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
    rmSync(fresh, { recursive: true, force: true });
    throw error;
  }
  use(path);
  return path;
}

function sweep(directory: string, olderThan: number): CacheSweep {
  if (!existsSync(directory)) return { removed: [], kept: 0 };
  for (const prefix of [NEW, OLD]) sweepAbandoned(directory, prefix, ABANDONED_AGE);
  const removed: string[] = [];
  let kept = 0;
  for (const key of readdirSync(directory)) {
    if (!KEY.test(key)) continue;
    const path = join(directory, key);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats !== undefined && Date.now() - stats.mtimeMs > olderThan) {
      remove(directory, path);
      removed.push(key);
    } else {
      kept += 1;
    }
  }
  return { removed: removed.sort(), kept };
}

/** Out of sight in one step, then gone: nobody ever finds half of it. */
function remove(directory: string, path: string): void {
  const old = join(directory, ownedName(OLD));
  try {
    renameSync(path, old);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  rmSync(old, { recursive: true, force: true });
}
