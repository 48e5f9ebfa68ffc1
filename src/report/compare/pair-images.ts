// SPDX-License-Identifier: MIT
import type { Report, ReportedImage } from "../report.ts";

/** Two images that are shown side by side. */
export interface ImagePair {
  readonly one: ReportedImage;
  readonly other: ReportedImage;
}

/**
 * The images of two subjects that belong together: those for one platform, or the only one of each. None where
 * there are not two subjects.
 */
export function pairImages({ subjects }: Report): readonly ImagePair[] {
  const [first, second, ...more] = subjects;
  if (first === undefined || second === undefined || more.length > 0) return [];
  const [one, other] = [first.images, second.images];
  if (one.length === 1 && other.length === 1) return [{ one: one[0]!, other: other[0]! }];
  return one.flatMap((image) => {
    const match = other.find(({ platform }) => platform === image.platform);
    return match === undefined ? [] : [{ one: image, other: match }];
  });
}
