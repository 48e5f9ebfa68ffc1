// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { digestEncoded, isDigest, knownAlgorithm, type Digest } from "../../oci/digest.ts";
import type { IdRange } from "../../disk/metadata-policy.ts";

/** The unpack options that change the result on disk. */
export interface ConversionSettings {
  /** Whether to set owners. Default: only for root. */
  readonly sameOwner?: boolean | undefined;
  readonly uidMap?: readonly IdRange[] | undefined;
  readonly gidMap?: readonly IdRange[] | undefined;
  /** Whether to also store owners that are not set in the attribute `user.rootlesscontainers`. */
  readonly rootlessXattr?: boolean | undefined;
}

/** The name of a conversion's directory. It encodes the image and the way it was converted. */
export type ConversionKey = string;

const KEY = /^(sha256|sha512)-([0-9a-f]+)(?:-[0-9a-f]{16})?$/;

/**
 * `<algorithm>-<hex>` of the image manifest's digest. With other settings than root's defaults, or for a
 * user other than root (whose files only that user can use), `-` and 16 hex digits follow. The image's name
 * and repository are not part of it: the same content is the same conversion.
 * @throws OciError `unsupported-algorithm`
 */
export function conversionKey(
  digest: Digest,
  settings: ConversionSettings = {},
  user: number = process.getuid?.() ?? 0,
): ConversionKey {
  const plain = `${knownAlgorithm(digest)}-${digestEncoded(digest)}`;
  const own = formatSettings(settings, user);
  if (own === formatSettings({}, 0)) return plain;
  return `${plain}-${createHash("sha256").update(own).digest("hex").slice(0, 16)}`;
}

function formatSettings(settings: ConversionSettings, user: number): string {
  const { sameOwner = user === 0, uidMap = [], gidMap = [], rootlessXattr = false } = settings;
  const ranges = (map: readonly IdRange[]): unknown =>
    map.map(({ image, disk, size }) => [image, disk, size]);
  return JSON.stringify([user, sameOwner, ranges(uidMap), ranges(gidMap), rootlessXattr]);
}

/** The digest of the image that a key stands for; undefined for text that is not a key. */
export function digestOfKey(key: string): Digest | undefined {
  const [, algorithm = "", hex = ""] = KEY.exec(key) ?? [];
  const digest = `${algorithm}:${hex}`;
  return isDigest(digest) ? digest : undefined;
}
