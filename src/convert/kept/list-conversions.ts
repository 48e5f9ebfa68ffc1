// SPDX-License-Identifier: MIT
import { join } from "node:path";
import type { Digest } from "../../oci/digest.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { digestOfKey, type ConversionKey } from "./conversion-key.ts";
import { requireStore, type ConversionStore } from "./conversion-store.ts";
import { readImageRecord, type ImageRecord } from "./image-record.ts";

/** Everything in a store. */
export interface ConversionList {
  /** Sorted by file name. */
  readonly names: readonly NamedConversion[];
  /** Includes conversions without a name. Sorted by key. */
  readonly conversions: readonly ListedConversion[];
}

/** A name and its conversion. */
export interface NamedConversion {
  readonly name: string;
  /** Undefined if the meaning can't be determined. */
  readonly key: ConversionKey | undefined;
  readonly digest: Digest | undefined;
  /** Why the name can't be used: its conversion is gone, or it is not a link of ours. */
  readonly problem: OciError | undefined;
}

/** A complete conversion. */
export interface ListedConversion {
  readonly key: ConversionKey;
  readonly digest: Digest;
  readonly directory: string;
  /** The root directory of the image, as an absolute path. */
  readonly rootfs: string;
  readonly names: readonly string[];
  /** When it was made or found, or when it last lost a name. */
  readonly usedAt: Date;
  /** The content of `image.json`; undefined if it can't be read. */
  readonly image: ImageRecord | undefined;
  readonly problem: OciError | undefined;
}

/** See `Conversions.list`. */
export async function listConversions(store: ConversionStore): Promise<ConversionList> {
  requireStore(store);
  const entries = store.names.list();
  const cached = await store.cache.list();
  const keys = new Set(cached.map(({ key }) => key));
  const names = entries.map((entry): NamedConversion => {
    const { name, key } = entry;
    if (key === undefined) return { name, key, digest: undefined, problem: entry.problem };
    const problem = keys.has(key) ? undefined : gone(name, key);
    return { name, key, digest: digestOfKey(key), problem };
  });
  const conversions = cached.flatMap(({ key, path: directory, usedAt }): ListedConversion[] => {
    const digest = digestOfKey(key);
    if (digest === undefined) return [];
    const own = names.filter((entry) => entry.key === key).map(({ name }) => name);
    const rootfs = join(directory, "rootfs");
    return [{ key, digest, directory, rootfs, names: own, usedAt, ...describe(directory) }];
  });
  return { names, conversions };
}

function describe(directory: string): Pick<ListedConversion, "image" | "problem"> {
  try {
    return { image: readImageRecord(directory), problem: undefined };
  } catch (error) {
    if (isOciError(error)) return { image: undefined, problem: error };
    throw error;
  }
}

function gone(name: string, key: ConversionKey): OciError {
  return new OciError("not-found", `${name}: expected the conversion ${key}, got none`, {
    details: { name, key },
    hint: "oci-kit store add converts it again; store unlink removes the name.",
  });
}
