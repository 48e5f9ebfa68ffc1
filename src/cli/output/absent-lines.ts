// SPDX-License-Identifier: MIT
import { describeBriefly } from "../../image/only-root.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";

/** A line for each image that the source names and does not hold. */
export function absentLines(absent: readonly Descriptor[]): string {
  return absent.map((each) => `  not in the source: ${describeBriefly(each)}\n`).join("");
}
