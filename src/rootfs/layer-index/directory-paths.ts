// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { LayerIndex } from "./layer-index.ts";

/** The paths of an index's directories by their numbers; the root's is empty. */
export function directoryPaths({ columns, string }: LayerIndex): readonly string[] {
  const paths: string[] = [""];
  for (let id = 1; id < columns.directoryParent.length; id += 1) {
    paths.push(`${paths[columns.directoryParent[id]!]!}/${string(columns.directoryName[id]!)}`);
  }
  return paths;
}

/** The path of one record. Whoever needs the paths of many asks for those of all directories, once. */
export function pathOfRecord({ columns, string }: LayerIndex, record: number): ByteString {
  let path = `/${string(columns.name[record]!)}`;
  for (let id = columns.directory[record]!; id !== 0; id = columns.directoryParent[id]!) {
    path = `/${string(columns.directoryName[id]!)}${path}`;
  }
  return path as ByteString;
}
