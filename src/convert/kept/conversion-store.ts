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
import { openNames, type Names } from "./names.ts";

/** The parts of a store's directory. */
export interface ConversionStore {
  /** Absolute. */
  readonly directory: string;
  readonly cache: DigestCache;
  readonly names: Names;
}

const LEASES = ".leases";
const ABANDONED_AGE = 24 * 3600_000;

/** Opens the parts. Nothing is made, and nothing kept open. */
export function openConversionStore(path: string): ConversionStore {
  const directory = resolve(path);
  const conversions = join(directory, "conversions");
  return {
    directory,
    cache: openDigestCache(conversions),
    names: openNames(join(directory, "names"), conversions),
  };
}

/** Makes the directories of a store that are not there. @throws OciError `unwritable` */
export function createStore({ directory }: ConversionStore): void {
  for (const name of ["names", "conversions"]) {
    const path = join(directory, name);
    writing(path, () => makeDirectories(path));
  }
}

/** Checks that there is a store: a mistyped path is no empty one. @throws OciError `not-found` */
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

/** Does what moves names, or decides by them, alone: short, as nothing is converted or removed meanwhile. */
export function lockNames<T>(
  { directory }: ConversionStore,
  work: () => T | Promise<T>,
  options: LockOptions,
): Promise<T> {
  const what = `store ${JSON.stringify(directory)}`;
  return withLock(join(directory, ".lock"), work, { what, ...options });
}

/**
 * Does work that needs a conversion which has no name yet: until it ends, or its process dies, the
 * conversion is not collected. One that was being collected already may still go.
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

/** The conversions that are held; what killed processes left of holding them is removed. */
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
 * The complete conversion with this key, marked as used now; undefined when there is none. Complete is
 * what is there: a conversion comes to its place in one step, when it is proven.
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
