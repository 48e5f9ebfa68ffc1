// SPDX-License-Identifier: MIT
import { join, resolve } from "node:path";
import type { StageUnit } from "../graph/stage-graph.ts";

/** Where layouts of images are. */
export interface LayoutPlaces {
  /** The directory of the project, below which the layouts are that stages name. */
  readonly directory: string;
  /** The directory of the layouts of images that name none. All variants share it. An absolute path. */
  readonly layouts: string;
}

/**
 * Where the layout of a unit is. One that names none has its tag as its name: no two images of a chain, of any variant
 * and build platform, have the same, and those that variants share are found by all. An absolute path.
 */
export function layoutOf({ layout, tag }: StageUnit, { directory, layouts }: LayoutPlaces): string {
  return resolve(directory, layout ?? join(layouts, tag));
}
