// SPDX-License-Identifier: MIT
import { fromText, type ByteString } from "../../bytes/byte-string.ts";
import { nameOf, parentOf } from "../../layer/path-parts.ts";
import { tracePath } from "../../rootfs/resolve-path.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { USUAL_LOADERS } from "../closure/usual-loaders.ts";

/** The files that say how users and libraries are found. Loaders belong to them: they have directories compiled in. */
const FILES = ["/etc/passwd", "/etc/group", "/etc/ld.so.cache", "/etc/ld.so.conf"].map(fromText);
const DIRECTORY = fromText("/etc/ld.so.conf.d");
const MUSL_PATHS = /^ld-musl-.*\.path$/;

/** The paths of a root at which such files may be. */
export function settingsPaths(root: RootFilesystem): readonly ByteString[] {
  return [
    ...FILES,
    ...USUAL_LOADERS,
    ...listIn(root, fromText("/etc")).filter((path) => MUSL_PATHS.test(nameOf(path))),
    ...listIn(root, DIRECTORY),
  ];
}

function listIn(root: RootFilesystem, directory: ByteString): readonly ByteString[] {
  const { node, path } = tracePath(root, directory);
  if (node?.type !== "directory") return [];
  return root.list(path).map((name) => `${directory}/${name}` as ByteString);
}

const NAMES: ReadonlySet<string> = new Set([...FILES, ...USUAL_LOADERS].map(nameOf));
/** What the links at the usual places have led to: `ld-2.31.so`. */
const LOADER = /^ld(?:64|-[^/]*)?\.so\.\d+$|^ld-[\d.]+\.so$/;
const DIRECTORY_NAME = `/${nameOf(DIRECTORY)}`;

/** Whether a file has a name as those have, wherever it is: links may lead there. */
export function mayBeSetting(path: ByteString): boolean {
  const name = nameOf(path);
  if (NAMES.has(name) || LOADER.test(name) || MUSL_PATHS.test(name)) return true;
  return parentOf(path).endsWith(DIRECTORY_NAME);
}
