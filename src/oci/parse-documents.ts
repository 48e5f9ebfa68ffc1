// SPDX-License-Identifier: MIT
import type { Descriptor } from "./descriptor.ts";
import type { Document } from "./document.ts";
import { OciError } from "./errors.ts";
import type { ImageConfig } from "./image-config.ts";
import type { ImageIndex } from "./image-index.ts";
import type { Limits } from "./limits.ts";
import type { Manifest } from "./manifest.ts";

export interface ParseDocumentOptions {
  readonly limits?: Partial<Limits> | undefined;
}
export function parseDescriptor(value: unknown, where: string): Descriptor {
  throw new OciError("invalid-descriptor", where, { details: { value } });
}
export function parseManifest(
  bytes: Uint8Array,
  descriptor: Descriptor,
  options: ParseDocumentOptions = {},
): Document<Manifest> {
  throw new OciError("invalid-manifest", "", { details: { bytes, descriptor, options } });
}
export function parseIndex(
  bytes: Uint8Array,
  descriptor: Descriptor,
  options: ParseDocumentOptions = {},
): Document<ImageIndex> {
  throw new OciError("invalid-index", "", { details: { bytes, descriptor, options } });
}
export function parseConfig(
  bytes: Uint8Array,
  descriptor: Descriptor,
  options: ParseDocumentOptions = {},
): Document<ImageConfig> {
  throw new OciError("invalid-config", "", { details: { bytes, descriptor, options } });
}
