// SPDX-License-Identifier: MIT
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { platformOf } from "../../image/list-images.ts";
import type { Image } from "../../image/image.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isDigest, type DiffId, type Digest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import { formatJson, parseJson } from "../../oci/json.ts";
import { limitExceeded } from "../../oci/limits.ts";
import { quote } from "../../oci/quote.ts";
import { syncDirectory } from "../../files/sync/sync-directory.ts";
import { fileError, writing } from "../../files/system-error.ts";
import type { ConversionSettings } from "./conversion-key.ts";

const FILE = "image.json";
/**
 * Bytes of it that are written and read: it holds parts of a manifest and of a config, which together may be
 * larger than a document of an image.
 */
export const LARGEST_IMAGE_RECORD = 64 * 1024 * 1024;

const isText = (value: unknown): value is string => typeof value === "string";
const digest = z.custom<Digest>((value) => isText(value) && isDigest(value), "a digest");
const diffId = z.custom<DiffId>((value) => isText(value) && isDigest(value), "a digest");
const number = z.int().nonnegative();
const range = z.looseObject({ image: number, disk: number, size: number });
const content = z.looseObject({ mediaType: z.string(), digest, size: number });

const RECORD = z.looseObject({
  version: z.literal(1),
  /** The name that it was first requested by. */
  name: z.string(),
  manifest: content,
  platform: z.looseObject({ architecture: z.string(), os: z.string() }),
  config: content,
  /** From the lowest layer; each has one diffID. */
  layers: z.array(content),
  diffIds: z.array(diffId),
  /** The settings that were given. For a missing one, the user's default was used. */
  settings: z.looseObject({
    sameOwner: z.boolean().optional(),
    uidMap: z.array(range).optional(),
    gidMap: z.array(range).optional(),
    rootlessXattr: z.boolean().optional(),
  }),
  /** The number of paths that were read back and compared, and the bytes of their contents. */
  paths: number,
  bytes: number,
});

/** The `image.json` of a conversion: which image it is and how it was converted. Unknown keys are kept. */
export type ImageRecord = z.infer<typeof RECORD>;

/**
 * Writes the `image.json` of a conversion, durably.
 * @throws OciError `limit-exceeded` for what {@link readImageRecord} would refuse; `unwritable`, `not-found`
 */
export function writeImageRecord(
  directory: string,
  image: Image,
  rest: Pick<ImageRecord, "name" | "paths" | "bytes"> & { readonly settings: ConversionSettings },
): void {
  const { manifest, config, descriptor } = image;
  const { name, paths, bytes, settings } = rest;
  const { sameOwner, uidMap, gidMap, rootlessXattr } = settings;
  const record = {
    version: 1,
    name,
    manifest: contentOf(descriptor),
    platform: platformOf(config.value),
    config: contentOf(manifest.value.config),
    layers: manifest.value.layers.map(contentOf),
    diffIds: config.value.rootfs.diff_ids,
    settings: { sameOwner, uidMap, gidMap, rootlessXattr },
    paths,
    bytes,
  };
  const file = join(directory, FILE);
  const written = formatJson(record);
  if (written.length > LARGEST_IMAGE_RECORD) {
    const [allowed, got] = [LARGEST_IMAGE_RECORD, written.length];
    throw limitExceeded({ what: file, allowed, got, unit: "bytes" });
  }
  writing(file, () => {
    writeFileSync(file, written, { flag: "wx", flush: true, mode: 0o600 });
    syncDirectory(directory);
  });
}

/** @throws OciError `not-found`, `unreadable`, `invalid-json`; `invalid-layout` if the content has another shape */
export function readImageRecord(directory: string): ImageRecord {
  const file = join(directory, FILE);
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw fileError("unreadable", file, error);
  }
  const parsed = RECORD.safeParse(
    parseJson(bytes, { what: file, limits: { documentBytes: LARGEST_IMAGE_RECORD } }),
  );
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new OciError(
    "invalid-layout",
    `${quote(file)}: ${quote(issue?.path.join("."))}: expected ${quote(issue?.message)}`,
    { details: { file }, cause: parsed.error },
  );
}

function contentOf({ mediaType, digest, size }: Descriptor): z.infer<typeof content> {
  return { mediaType, digest, size };
}
