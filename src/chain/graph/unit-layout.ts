// SPDX-License-Identifier: MIT
import { join, resolve } from "node:path";
import type { LayoutPlaces } from "./declaration.ts";
import type { StageUnit } from "./stage-graph.ts";

/**
 * Where the layout of a unit is. One that names none has its tag as its name: no two images of a chain, of any variant
 * and build platform, have the same, and those that variants share are found by all. An absolute path.
 */
export function layoutOf(
  { layout, tag }: Pick<StageUnit, "layout" | "tag">,
  { directory, layouts }: LayoutPlaces,
): string {
  return resolve(directory, layout ?? join(layouts, tag));
}
