// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { OciError } from "../../oci/errors.ts";
import { compareNodes, type ComparedField } from "../../rootfs/compare/compare-nodes.ts";
import {
  createFindings,
  createNameComparer,
  type Comparison,
} from "../../rootfs/compare/compare-trees.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import type { PathPair } from "../../rootfs/walk-filesystem.ts";
import { isEnvironmentLabel } from "../xattrs/environment-labels.ts";
import { createContentCheck, haveEqualSize } from "./content-check.ts";
import { openUnpacked } from "../sidecar/open-unpacked.ts";
import { withEveryPair } from "./paced-pairs.ts";

export interface VerifyDirectoryOptions extends AbortOptions {
  readonly ignore?: readonly ComparedField[] | undefined;
  /** Default: `sidecarOf(directory)`. */
  readonly sidecar?: string | undefined;
  /** Called several times a second with the number of paths compared so far. */
  readonly onProgress?: ((compared: number) => void) | undefined;
}

/** The result of {@link verifyDirectory}; `undecided` is always empty. */
export interface DirectoryComparison extends Comparison {
  /** Whether there was a sidecar and it was applied. */
  readonly hasSidecar: boolean;
}

/**
 * Compares a directory, with its sidecar applied if it has one, with a root filesystem. The content of every
 * file is read, whatever the sidecar knows of it. Attributes that the machine itself adds are not compared.
 * @throws OciError `nothing-to-check` when there was nothing to compare; what `openUnpacked` and the
 * two filesystems throw
 */
export async function verifyDirectory(
  directory: string,
  tree: RootFilesystem,
  options: VerifyDirectoryOptions = {},
): Promise<DirectoryComparison> {
  const { ignore = [], sidecar, signal, onProgress } = options;
  const withContent = !ignore.includes("content");
  // Contents are compared in the background.
  const rules = { ignore: [...ignore, "content"] as const, ignoreXattr: isEnvironmentLabel };
  const found = createFindings();
  const names = createNameComparer();
  const view = openUnpacked(directory, { sidecar, readAhead: true });
  const content = createContentCheck(tree, view, found);
  let both = 0;
  const add = ([path, expected, actual]: PathPair): void => {
    if (expected === undefined || actual === undefined) {
      found.addWhole(path, actual === undefined ? "missing" : "unexpected");
      return;
    }
    both += 1;
    found.addNodes(path, compareNodes(path, expected, actual, rules));
    if (withContent && haveEqualSize(expected, actual)) content.add(path, expected, actual);
    names.add(path, expected, actual);
  };
  try {
    const compared = await withEveryPair(tree, view, add, {
      what: `verifying ${view.name}`,
      onTurn: (done) => onProgress?.(done),
      prepare: (path) => view.prepare(path),
      pause: content.pause,
      signal,
    });
    await content.finish({ signal });
    if (both === 0) throw nothingCompared(directory, tree);
    if (!ignore.includes("names")) found.addNames(names);
    const differences = found.differences();
    return { compared, differences, undecided: [], hasSidecar: view.record !== undefined };
  } finally {
    await content.close();
    view.close();
  }
}

function nothingCompared(directory: string, tree: RootFilesystem): OciError {
  return new OciError(
    "nothing-to-check",
    `${JSON.stringify(directory)}: expected a path that ${tree.name} has too, got none`,
  );
}
