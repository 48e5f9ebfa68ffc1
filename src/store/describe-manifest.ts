// SPDX-License-Identifier: MIT
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { findKey } from "../oci/documents/fold-key.ts";
import { isOciError } from "../oci/errors.ts";
import { parseJson } from "../oci/json.ts";
import type { Limits } from "../oci/limits.ts";
import { MediaType, isIndexType, isManifestType } from "../oci/media-types.ts";

/**
 * Describes a manifest or index of which only the digest was known. Its media type is the one that it states,
 * or follows from its fields. Undefined when the bytes are neither a manifest nor an index.
 */
export function describeManifest(
  digest: Digest,
  bytes: Uint8Array,
  limits?: Partial<Limits>,
): Descriptor | undefined {
  const mediaType = manifestType(bytes, limits);
  return mediaType === undefined ? undefined : { mediaType, digest, size: bytes.length };
}

function manifestType(bytes: Uint8Array, limits: Partial<Limits> | undefined): string | undefined {
  const value = parseObject(bytes, limits);
  if (value === undefined) return undefined;
  const has = (key: string): boolean => findKey(value, key) !== undefined;
  const saidKey = findKey(value, "mediaType");
  const said = saidKey === undefined ? undefined : value[saidKey];
  if (typeof said === "string" && (isManifestType(said) || isIndexType(said))) return said;
  if (said !== undefined && said !== null) return undefined;
  if (has("manifests")) return MediaType.index;
  return has("layers") && has("config") ? MediaType.manifest : undefined;
}

function parseObject(
  bytes: Uint8Array,
  limits: Partial<Limits> | undefined,
): Partial<Record<string, unknown>> | undefined {
  try {
    const value = parseJson(bytes, { limits });
    return typeof value === "object" && value !== null ? value : undefined;
  } catch (error) {
    if (isOciError(error)) return undefined;
    throw error;
  }
}
