// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { findImage } from "../../image/find-image.ts";
import { readImage, type Image } from "../../image/image.ts";
import { formatLocation, parseLocation, type Location } from "../../image/location.ts";
import { openReference } from "../../image/open-reference.ts";
import type { Digest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import { platformMatches } from "../../oci/platform.ts";
import { syncDirectory } from "../../files/sync/sync-directory.ts";
import { toText } from "../../bytes/byte-string.ts";
import { unpack } from "../unpack/unpack.ts";
import { conversionKey, type ConversionKey } from "./conversion-key.ts";
import {
  createStore,
  findConversion,
  holdConversion,
  lockNames,
  type ConversionStore,
} from "./conversion-store.ts";
import type { Conversion, ConversionSource, Converted, ConvertOptions } from "./conversion.ts";
import { readImageRecord, writeImageRecord } from "./image-record.ts";

/** See `Conversions.convert`. */
export async function convert(
  store: ConversionStore,
  source: ConversionSource,
  names: readonly string[],
  options: ConvertOptions,
): Promise<Converted> {
  for (const name of names) store.names.read(name); // refuses invalid names before the work starts
  createStore(store);
  if (typeof source === "object" && "image" in source) {
    const { image } = source;
    return convertImage(store, { image, name: image.store.name }, names, options);
  }
  const location = typeof source === "string" ? parseLocation(source) : source;
  const known = await findPinned(store, location, names, options);
  if (known !== undefined) return { ...known, converted: false };
  const reference = await openReference(location, options);
  try {
    const root = await reference.root(options);
    const found = await findImage(reference.store, root, options.platform, options);
    const image = await readImage(reference.store, found, options);
    return await convertImage(store, { image, name: formatLocation(location) }, names, options);
  } finally {
    await reference.close();
  }
}

/**
 * Finds the conversion of an image that is named by its digest. A digest can't change its meaning, so no
 * registry is asked. An index has no conversion of its own.
 */
async function findPinned(
  store: ConversionStore,
  location: Location,
  names: readonly string[],
  options: ConvertOptions,
): Promise<Conversion | undefined> {
  const digest = pinOf(location);
  if (digest === undefined) return undefined;
  const key = conversionKey(digest, options);
  const found = await findConversion(store, key);
  if (found === undefined) return undefined;
  if (options.platform !== undefined) {
    const { platform } = readImageRecord(found.directory);
    // For another platform: the normal way reports that as it does for any image.
    if (!platformMatches(options.platform, platform)) return undefined;
  }
  return publish(store, key, names, options);
}

function pinOf(location: Location): Digest | undefined {
  if (location.kind === "registry") return location.reference.digest;
  return location.kind === "oci" ? location.digest : undefined;
}

/** An image and the name it was requested by. */
interface Asked {
  readonly image: Image;
  readonly name: string;
}

async function convertImage(
  store: ConversionStore,
  asked: Asked,
  names: readonly string[],
  options: ConvertOptions,
): Promise<Converted> {
  const { signal, onProgress } = options;
  const key = conversionKey(asked.image.descriptor.digest, options);
  const onWait = (holder: string): void => onProgress?.({ kind: "waiting", holder });
  let converted = false;
  const create = async (directory: string): Promise<void> => {
    converted = true;
    await unpackInto(directory, asked, options);
  };
  return holdConversion(store, key, async () => {
    for (;;) {
      // No timeout: the other conversion takes as long as it takes.
      await store.cache.getOrCreate(key, create, { timeout: Infinity, signal, onWait });
      const found = await publish(store, key, names, options);
      if (found !== undefined) return { ...found, converted };
    }
  });
}

/** Points the names to a conversion. Undefined if it was collected after it was found. */
function publish(
  store: ConversionStore,
  key: ConversionKey,
  names: readonly string[],
  { signal }: ConvertOptions,
): Promise<Conversion | undefined> {
  const work = async (): Promise<Conversion | undefined> => {
    const found = await findConversion(store, key);
    if (found === undefined) return undefined;
    // Whoever put it there may not have synced the directory yet.
    syncDirectory(store.cache.directory);
    for (const name of names) await pointName(store, name, key);
    return found;
  };
  return lockNames(store, work, { signal });
}

/**
 * Points a name to an existing conversion. The name's old conversion is marked as used now, so that anyone
 * still working with it has the minimum age left. Call only while the names are locked.
 */
export async function pointName(
  { names, cache }: ConversionStore,
  name: string,
  key: ConversionKey,
): Promise<void> {
  const before = names.read(name);
  if (before === key) return;
  if (before !== undefined) await cache.get(before);
  names.point(name, key);
}

/** Fills the private directory of a conversion. It is put to use only if everything in it is proven. */
async function unpackInto(
  directory: string,
  { image, name }: Asked,
  options: ConvertOptions,
): Promise<void> {
  const { sameOwner, uidMap, gidMap, rootlessXattr, cache, limits, signal, onProgress } = options;
  const settings = { sameOwner, uidMap, gidMap, rootlessXattr };
  const rest = { cache, limits, signal, onProgress, verify: true };
  const { proof, bytes } = await unpack(image, join(directory, "rootfs"), { ...settings, ...rest });
  if (proof === undefined || proof.compared === 0 || proof.differences.length > 0) {
    const paths = (proof?.differences ?? []).map(({ path }) => toText(path));
    throw new OciError(
      "gate-refused",
      `${name}: expected every path on the disk as the image has it, got ${paths.length} that differ, first ${paths.slice(0, 3).join(", ")}`,
      { details: { digest: image.descriptor.digest, paths } },
    );
  }
  writeImageRecord(directory, image, { name, settings, paths: proof.compared, bytes });
}
