// SPDX-License-Identifier: MIT
import { fromText, type ByteString } from "../bytes/byte-string.ts";
import type { Limits } from "../oci/limits.ts";
import { tracePath } from "../rootfs/resolve-path.ts";
import type { RootFilesystem } from "../rootfs/root-filesystem.ts";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * The directories of an image's PATH, in its order, by their paths without links, each only once. Relative
 * and missing directories are left out, since no command is found there. An image without a PATH has the one
 * that container engines set.
 */
export function searchPath(
  root: RootFilesystem,
  environment: readonly string[] = [],
  limits?: Partial<Limits>,
): readonly ByteString[] {
  const variable = environment.findLast((line) => line.startsWith("PATH="));
  const found = new Set<ByteString>();
  for (const directory of (variable?.slice("PATH=".length) ?? DEFAULT_PATH).split(":")) {
    if (!directory.startsWith("/")) continue;
    const { node, path } = tracePath(root, fromText(directory), { limits });
    if (node?.type === "directory") found.add(path);
  }
  return [...found];
}

/** `directory/name`. */
export function join(directory: ByteString, name: ByteString): ByteString {
  return (directory === "/" ? `/${name}` : `${directory}/${name}`) as ByteString;
}
