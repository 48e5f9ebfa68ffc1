// SPDX-License-Identifier: MIT
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { formatPlatform } from "../../oci/platform.ts";

/** One line for each image that the source names but does not hold. */
export function absentLines(absent: readonly Descriptor[]): string[] {
  return absent.map(({ platform, digest }) => {
    const name = platform === undefined ? "" : `${formatPlatform(platform)} `;
    return `  not in the source: ${name}${digest}`;
  });
}
