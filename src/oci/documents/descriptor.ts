// SPDX-License-Identifier: MIT
import type { Digest } from "../digest.ts";
import type { Platform } from "../platform.ts";

/**
 * Names content by its type, digest and size (image-spec, descriptor.md). The JSON keys are the spec's; keys
 * that this version does not know stay on the object.
 */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. A safe non-negative integer. */
  readonly size: number;
  readonly urls?: readonly string[] | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** The content itself, in base64. */
  readonly data?: string | undefined;
  readonly artifactType?: string | undefined;
  readonly platform?: Platform | undefined;
}
