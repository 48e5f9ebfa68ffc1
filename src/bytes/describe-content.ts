// SPDX-License-Identifier: MIT
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { digestBytes } from "./hash.ts";

/** The descriptor of a document, made from its bytes. */
export function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestBytes(bytes), size: bytes.length };
}
