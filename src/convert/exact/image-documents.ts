// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { digestBytes } from "../../bytes/hash.ts";
import type { Image } from "../../image/image.ts";
import { knownAlgorithm, type Digest } from "../../oci/digest.ts";
import type { Document } from "../../oci/documents/document.ts";
import type { ImageConfig } from "../../oci/documents/image-config.ts";
import { parseJson } from "../../oci/json.ts";
import type { Limits } from "../../oci/limits.ts";
import type { Manifest } from "../../oci/documents/manifest.ts";
import { MediaType } from "../../oci/media-types.ts";
import { parseConfig, parseManifest } from "../../oci/documents/parse-documents.ts";
import { readWholeFile } from "../../disk/sidecar/read-whole-file.ts";
import { damaged, replaceFile } from "../../disk/sidecar/sidecar-files.ts";

const MANIFEST = "manifest.json";
const CONFIG = "config.json";

/** The manifest and the configuration of the image that was unpacked. */
export interface ImageDocuments {
  readonly manifest: Document<Manifest>;
  readonly config: Document<ImageConfig>;
}

/**
 * Saves the manifest and the configuration of the unpacked image, byte for byte, as `manifest.json` and
 * `config.json` in the sidecar directory, which must exist. Idempotent; each file is replaced as a whole.
 * @throws OciError `unwritable`
 */
export function writeImageDocuments(sidecar: string, image: Image): void {
  replaceFile(sidecar, CONFIG, image.config.bytes);
  replaceFile(sidecar, MANIFEST, image.manifest.bytes);
}

/**
 * Reads the documents of the image with this manifest digest, verified. Undefined if the sidecar has none.
 * @throws OciError `invalid-sidecar` if they belong to another image or are damaged, `unreadable`; what
 * parsing them throws
 */
export function readImageDocuments(
  sidecar: string,
  digest: Digest,
  limits?: Partial<Limits>,
): ImageDocuments | undefined {
  const bytes = readVerified(sidecar, MANIFEST, digest);
  if (bytes === undefined) return undefined;
  const mediaType = mediaTypeOf(bytes, limits) ?? MediaType.manifest;
  const manifest = parseManifest(bytes, { mediaType, digest, size: bytes.length }, { limits });
  const { config } = manifest.value;
  const configBytes = readVerified(sidecar, CONFIG, config.digest);
  if (configBytes === undefined) {
    throw damaged(sidecar, CONFIG, `expected the configuration ${config.digest}, got no file`);
  }
  return { manifest, config: parseConfig(configBytes, config, { limits }) };
}

function readVerified(sidecar: string, name: string, digest: Digest): Uint8Array | undefined {
  const bytes = readWholeFile(join(sidecar, name));
  if (bytes === undefined) return undefined;
  const got = digestBytes(bytes, knownAlgorithm(digest));
  if (got !== digest) throw damaged(sidecar, name, `expected ${digest}, got ${got}`);
  return bytes;
}

/** The media type that a manifest states for itself. OCI allows leaving it out; Docker does not. */
function mediaTypeOf(
  manifest: Uint8Array,
  limits: Partial<Limits> | undefined,
): string | undefined {
  const value = parseJson(manifest, { what: MANIFEST, limits });
  if (typeof value !== "object" || value === null || !("mediaType" in value)) return undefined;
  return typeof value.mediaType === "string" ? value.mediaType : undefined;
}
