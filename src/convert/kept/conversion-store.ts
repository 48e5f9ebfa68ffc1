// SPDX-License-Identifier: MIT
import { lstatSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { OciError } from "../../oci/errors.ts";
import { openDigestCache, type DigestCache } from "../../store/digest-cache.ts";
import { writing } from "../../files/system-error.ts";
import { withLock, type LockOptions } from "../../files/lock.ts";
import { makeDirectories } from "../../files/make-directories.ts";
import { ownedName, stemOf, sweepAbandoned } from "../../files/owned-name.ts";
import { digestOfKey, type ConversionKey } from "./conversion-key.ts";
import type { Conversion } from "./conversion.ts";
import { openNames, type Names } from "./name-links.ts";

/** The parts of a store's directory. */
export interface ConversionStore {
  /** Absolute path. */
  readonly directory: string;
  readonly cache: DigestCache;
  readonly names: Names;
}

const LEASES = ".leases";
const ABANDONED_AGE = 24 * 3600_000;

/** Opens the parts of a store. Creates nothing and keeps nothing open. */
export function openConversionStore(path: string): ConversionStore {
  const directory = resolve(path);
  const conversions = join(directory, "conversions");
  return {
    directory,
    cache: openDigestCache(conversions),
    names: openNames(join(directory, "names"), conversions),
  };
}

/** Creates the missing directories of a store. @throws OciError `unwritable` */
export function createStore({ directory }: ConversionStore): void {
  for (const name of ["names", "conversions"]) {
    const path = join(directory, name);
    writing(path, () => makeDirectories(path));
  }
}

/**
 * Checks that the store exists, so that a mistyped path does not look like an empty store. @throws OciError
 * `not-found`
 */
export function requireStore({ directory }: ConversionStore): void {
  for (const name of ["names", "conversions"]) {
    const path = join(directory, name);
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) continue;
    throw new OciError(
      "not-found",
      `${JSON.stringify(directory)}: expected a store of conversions, got no ${name} in it`,
      { details: { directory }, hint: "oci-kit store add STORE REF makes one." },
    );
  }
}

/**
 * Runs work that moves names, or makes decisions based on them, while nobody else does. Keep it short:
 * nothing can be converted or removed in the meantime.
 */
export function lockNames<T>(
  { directory }: ConversionStore,
  work: () => T | Promise<T>,
  options: LockOptions,
): Promise<T> {
  const what = `store ${JSON.stringify(directory)}`;
  return withLock(join(directory, ".lock"), work, { what, ...options });
}

/**
 * Runs work that needs a conversion which has no name yet. Until the work ends or its process dies, the
 * conversion is not collected; but if collecting had already begun, it may still be removed.
 */
export async function holdConversion<T>(
  { directory }: ConversionStore,
  key: ConversionKey,
  work: () => Promise<T>,
): Promise<T> {
  const lease = join(directory, LEASES, ownedName(key));
  writing(lease, () => {
    makeDirectories(dirname(lease));
    writeFileSync(lease, "", { flag: "wx" });
  });
  try {
    return await work();
  } finally {
    rmSync(lease, { force: true });
  }
}

/** The conversions that are being held. Also removes the holds that killed processes left. */
export function listHeld({ directory }: ConversionStore): Set<ConversionKey> {
  const held = new Set<ConversionKey>();
  const leases = join(directory, LEASES);
  if (lstatSync(leases, { throwIfNoEntry: false }) === undefined) return held;
  sweepAbandoned(leases, "", ABANDONED_AGE);
  for (const name of readdirSync(leases)) {
    const key = stemOf(name);
    if (key !== undefined) held.add(key);
  }
  return held;
}

/**
 * The complete conversion with this key, marked as used now; undefined if there is none. Whatever is there
 * is complete, because a conversion is put in place in one step after it was proven.
 */
export async function findConversion(
  { cache }: ConversionStore,
  key: ConversionKey,
): Promise<Conversion | undefined> {
  const directory = await cache.get(key);
  const digest = digestOfKey(key);
  if (directory === undefined || digest === undefined) return undefined;
  return { key, digest, directory, rootfs: join(directory, "rootfs") };
}
