// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import { OciError } from "../oci/errors.ts";

/** Directories by key, each made once, whole or not there at all. */
export interface DigestCache {
  readonly directory: string;
  /** The path of a complete directory, marked as used now; undefined when there is none. */
  get(key: string): Promise<string | undefined>;
  /**
   * The path of the key's directory, made by `create` when it is not there: two processes that ask at
   * once make it once, and the second waits. What `create` throws is thrown; nothing stays behind.
   * @throws OciError `locked` when another process is still making it after `timeout`
   */
  getOrCreate(
    key: string,
    create: (directory: string) => Promise<void>,
    options?: GetOrCreateOptions,
  ): Promise<string>;
  /** Removes what was not used for `olderThan` milliseconds, and what killed processes left. */
  sweep(options: { readonly olderThan: number }): Promise<CacheSweep>;
}

export interface GetOrCreateOptions extends AbortOptions {
  /** Milliseconds to wait for another process that makes the same key. */
  readonly timeout?: number | undefined;
}

/** What a sweep removed and kept. */
export interface CacheSweep {
  readonly removed: readonly string[];
  readonly kept: number;
}

export function openDigestCache(directory: string): DigestCache {
  throw new OciError("invalid-argument", directory);
}

export function defaultCacheDirectory(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  throw new OciError("invalid-argument", String(env["HOME"]));
}
