// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Digest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import { conversionKey, digestOfKey, type ConversionKey } from "./conversion-key.ts";
import {
  findConversion,
  lockNames,
  requireStore,
  type ConversionStore,
} from "./conversion-store.ts";
import type { Conversion, FindOptions } from "./conversion.ts";
import { pointName } from "./convert-image.ts";
import { encodeName, isImageDigest } from "./name-encoding.ts";

/** See `Conversions.resolve`. */
export async function resolveName(
  store: ConversionStore,
  source: string,
  options: FindOptions,
): Promise<Conversion> {
  requireStore(store);
  const key = isImageDigest(source)
    ? await keyOfDigest(store, source, options)
    : store.names.read(source);
  if (key === undefined) throw notFound(store, source, "got nothing of that name");
  const found = await findConversion(store, key);
  if (found === undefined) throw notFound(store, source, `got none: ${key} is not there`);
  return found;
}

/** See `Conversions.link`. */
export async function linkName(
  store: ConversionStore,
  source: string,
  name: string,
  options: FindOptions,
): Promise<Conversion> {
  encodeName(name);
  requireStore(store);
  const work = async (): Promise<Conversion> => {
    const found = await resolveName(store, source, options);
    await pointName(store, name, found.key);
    return found;
  };
  return await lockNames(store, work, { signal: options.signal });
}

/** See `Conversions.unlink`. */
export async function unlinkName(
  store: ConversionStore,
  name: string,
  { signal }: AbortOptions,
): Promise<void> {
  requireStore(store);
  const work = async (): Promise<void> => {
    const { key } = store.names.list().find((entry) => entry.name === name) ?? {};
    if (key !== undefined) await store.cache.get(key); // marks it as used until now
    if (!store.names.remove(name)) throw notFound(store, name, "got nothing of that name");
  };
  await lockNames(store, work, { signal });
}

/** The conversion of a digest with these settings, or else the only conversion of that digest. */
async function keyOfDigest(
  { cache }: ConversionStore,
  digest: Digest,
  options: FindOptions,
): Promise<ConversionKey | undefined> {
  const keys = (await cache.list()).map(({ key }) => key);
  const wanted = conversionKey(digest, options);
  if (keys.includes(wanted)) return wanted;
  const [only, ...others] = keys.filter((key) => digestOfKey(key) === digest);
  if (others.length === 0) return only;
  throw new OciError(
    "ambiguous",
    `${digest}: expected one conversion, got several with other settings or of other users`,
    { details: { keys: [only, ...others] }, hint: "Say which by a name of it." },
  );
}

function notFound({ directory }: ConversionStore, source: string, got: string): OciError {
  return new OciError(
    "not-found",
    `${JSON.stringify(directory)}: expected a conversion for ${quote(source)}, ${got}`,
    {
      details: { directory, source },
      hint: "oci-kit store list shows what is there; store add converts.",
    },
  );
}
