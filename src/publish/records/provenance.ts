// SPDX-License-Identifier: MIT
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Image } from "../../image/image.ts";
import { readRecorded, type Recorded } from "../../image/recorded.ts";

export { readRecorded, type Recorded };

/** Reads which run made an image; see {@link readRecorded}. */
export function readRunId(image: Image, key: string = AnnotationKey.runId): Recorded {
  return readRecorded(image, key);
}
