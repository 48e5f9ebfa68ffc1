// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { tracePath } from "../../rootfs/resolve-path.ts";
import type { ElfHeader } from "../../elf/elf-header.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { isSameMachine } from "../closure/find-library.ts";
import { directoryOf, type Examination } from "./examination.ts";
import { isExecutable } from "./root-survey.ts";

/**
 * The directories below which a root filesystem of its own lies: a program there names a loader that is not
 * in the root, but at that path below the directory (an Android tree, a sysroot, a chroot). What is below
 * them is no part of what the image runs.
 */
export async function findOwnTrees(examination: Examination): Promise<readonly ByteString[]> {
  const trees = new Set<ByteString>();
  for (const { path, node, header } of examination.survey.objects) {
    if (header === undefined || !isExecutable(node)) continue;
    if (isBelow(path, [...trees])) continue;
    const file = await examination.read(path, node);
    if (file.kind !== "elf" || file.object.interpreter === undefined) continue;
    const loader = file.object.interpreter;
    if (await isLoader(examination, examination.root, "" as ByteString, loader, file.object))
      continue;
    for (let above = directoryOf(path); !WHOLE.includes(above); above = directoryOf(above)) {
      const inside = below(examination.root, above);
      if (await isLoader(examination, inside, above, loader, file.object)) trees.add(above);
    }
  }
  return [...trees];
}

/** What is here belongs to the root itself: its loader can be below `/usr` too. */
const WHOLE: readonly string[] = ["/", "/usr"];

/** Whether a path is below one of the directories. */
export function isBelow(path: ByteString, directories: readonly ByteString[]): boolean {
  return directories.some((directory) => path.startsWith(`${directory}/`));
}

async function isLoader(
  { read }: Examination,
  root: Pick<RootFilesystem, "lstat">,
  above: ByteString,
  loader: ByteString,
  object: ElfHeader,
): Promise<boolean> {
  const { node, path } = tracePath(root as RootFilesystem, loader);
  if (node?.type !== "file") return false;
  const file = await read(`${above}${path}` as ByteString, node);
  return file.kind === "elf" && isSameMachine(file.object, object);
}

/** A directory as a root: its absolute links lead to places below it. */
function below(root: RootFilesystem, directory: ByteString): RootFilesystem {
  const inside = (path: ByteString): ByteString =>
    (path === "/" ? directory : `${directory}${path}`) as ByteString;
  return {
    name: root.name,
    lstat: (path): Node | undefined => root.lstat(inside(path)),
    list: (path) => root.list(inside(path)),
    read: (path, options) => root.read(inside(path), options),
  };
}
