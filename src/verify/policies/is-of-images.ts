// SPDX-License-Identifier: MIT
import type { Policy } from "./policy.ts";

const OF_IMAGES: ReadonlySet<Policy["kind"]> = new Set<Policy["kind"]>([
  ...(["configuration", "environment", "provenance"] as const),
]);

/** Whether policies of a kind ask for what only an image has. A directory has nothing but its files. */
export function isOfImages(kind: Policy["kind"]): boolean {
  return OF_IMAGES.has(kind);
}
