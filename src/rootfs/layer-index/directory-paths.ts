// SPDX-License-Identifier: MIT
import type { LayerIndex } from "./layer-index.ts";

/** The paths of an index's directories by their numbers; the root's is empty. */
export function directoryPaths({ columns, string }: LayerIndex): readonly string[] {
  const paths: string[] = [""];
  for (let id = 1; id < columns.directoryParent.length; id += 1) {
    paths.push(`${paths[columns.directoryParent[id]!]!}/${string(columns.directoryName[id]!)}`);
  }
  return paths;
}
