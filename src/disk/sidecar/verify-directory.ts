// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { OciError } from "../../oci/errors.ts";
import { compareNodes, type ComparedField } from "../../rootfs/compare-nodes.ts";
import { createFindings, createNameComparer, type Comparison } from "../../rootfs/compare-trees.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { isEnvironmentLabel } from "../environment-labels.ts";
import { openUnpacked } from "./open-unpacked.ts";
import { withEveryPair } from "./paced-pairs.ts";
import { compareContent } from "./same-content.ts";

export interface VerifyDirectoryOptions extends AbortOptions {
  readonly ignore?: readonly ComparedField[] | undefined;
  /** Default: `sidecarOf(directory)`. */
  readonly sidecar?: string | undefined;
  /** Told how many paths are compared, some times a second. */
  readonly onProgress?: ((compared: number) => void) | undefined;
}

/** What {@link verifyDirectory} found; nothing is left `undecided`. */
export interface DirectoryComparison extends Comparison {
  /** Whether a sidecar was applied. */
  readonly hasSidecar: boolean;
}

/**
 * Compares a directory, its sidecar applied where there is one, with a root filesystem. The content of
 * every file is read, whatever the sidecar knows of it. Labels of the machine are not compared.
 * @throws OciError `nothing-to-check` when there was nothing to compare; what `openUnpacked` and the
 * two filesystems throw
 */
export async function verifyDirectory(
  directory: string,
  tree: RootFilesystem,
  options: VerifyDirectoryOptions = {},
): Promise<DirectoryComparison> {
  const { ignore = [], sidecar, signal, onProgress } = options;
  const rules = { ignore, ignoreXattr: isEnvironmentLabel };
  const found = createFindings();
  const names = createNameComparer();
  const view = openUnpacked(directory, { sidecar, readContents: true });
  let both = 0;
  try {
    const pace = {
      what: `verifying ${view.name}`,
      signal,
      onTurn: (done: number) => onProgress?.(done),
    };
    const compared = await withEveryPair(
      tree,
      view,
      ([path, expected, actual]) => {
        if (expected === undefined || actual === undefined) {
          found.addWhole(path, actual === undefined ? "missing" : "unexpected");
          return;
        }
        both += 1;
        found.addNodes(path, compareNodes(path, expected, actual, rules));
        names.add(path, expected, actual);
      },
      pace,
    );
    if (both === 0) throw nothingCompared(directory, tree);
    for (const path of found.undecided) {
      const field = await compareContent(path, tree, view, { signal });
      if (field !== undefined) found.add(path, field);
    }
    if (!ignore.includes("names")) found.addNames(names);
    const differences = found.differences();
    return { compared, differences, undecided: [], hasSidecar: view.record !== undefined };
  } finally {
    view.close();
  }
}

function nothingCompared(directory: string, tree: RootFilesystem): OciError {
  return new OciError(
    "nothing-to-check",
    `${JSON.stringify(directory)}: expected a path that ${tree.name} has too, got none`,
  );
}
