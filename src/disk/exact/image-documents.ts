// SPDX-License-Identifier: MIT
import type { Image } from "../../image/image.ts";
import { OciError } from "../../oci/errors.ts";

/**
 * Keeps the manifest and the configuration of the image that was unpacked, byte for byte, as
 * `manifest.json` and `config.json` in the sidecar (a directory that is there). Idempotent, atomic.
 * @throws OciError `unwritable`
 */
export function writeImageDocuments(sidecar: string, image: Image): void {
  throw new OciError("unsupported-operation", `${sidecar}: ${image.descriptor.digest}`);
}
