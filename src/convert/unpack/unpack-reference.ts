// SPDX-License-Identifier: MIT
import {
  withImage,
  type Named,
  type SourceOptions,
} from "../../image/by-reference/with-reference.ts";
import type { UnpackOptions, UnpackResult } from "./unpack-options.ts";
import { unpack } from "./unpack.ts";

/**
 * Unpacks the image that a reference means into a directory, as `unpack` does with an image of a store.
 * @throws OciError what opening and `unpack` throw
 */
export function unpackReference(
  reference: Named,
  directory: string,
  options: SourceOptions & UnpackOptions = {},
): Promise<UnpackResult> {
  return withImage(reference, options, (image) => unpack(image, directory, options));
}
