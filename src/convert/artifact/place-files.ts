// SPDX-License-Identifier: MIT
import { lstatSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { syncDirectory } from "../../files/sync/sync-directory.ts";
import { writing } from "../../files/system-error.ts";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import type { TitledLayer } from "./file-titles.ts";

/** A file or directory that is complete, on its way to its title. */
export interface StagedFile {
  readonly layer: TitledLayer;
  readonly path: string;
}

/**
 * Checks that every title can be put into the directory: what is above it is a directory there and no link, and
 * nothing is there already unless it may be replaced.
 * @throws OciError `already-exists`, `path-escape`
 */
export function checkPlaces(
  directory: string,
  layers: readonly TitledLayer[],
  replace: boolean,
): void {
  for (const { title } of layers) {
    const parts = title.split("/");
    for (let depth = 1; depth < parts.length; depth += 1) {
      const above = join(directory, ...parts.slice(0, depth));
      const stats = lstatSync(above, { throwIfNoEntry: false });
      if (stats === undefined || stats.isDirectory()) continue;
      const got = stats.isSymbolicLink() ? "a link" : "a file";
      throw new OciError(
        "path-escape",
        `${quote(above)}: expected a directory for ${quote(title)}, got ${got}`,
        { details: { path: above, title }, hint: "Pull into another directory." },
      );
    }
    const path = join(directory, title);
    if (replace || lstatSync(path, { throwIfNoEntry: false }) === undefined) continue;
    throw new OciError("already-exists", `${quote(path)}: expected nothing, got what is there`, {
      details: { path },
      hint: "Write over it with --replace, or pull into another directory.",
    });
  }
}

/**
 * Moves staged files to their titles, each in one step, and brings the directories to the disk. What is replaced
 * goes into the staging directory, which the caller removes.
 */
export async function moveIntoPlace(
  directory: string,
  staged: readonly StagedFile[],
  stage: string,
): Promise<void> {
  const changed = new Set<string>();
  for (const [at, { layer, path }] of staged.entries()) {
    const parts = layer.title.split("/");
    for (let depth = 1; depth < parts.length; depth += 1) {
      const above = join(directory, ...parts.slice(0, depth));
      if (lstatSync(above, { throwIfNoEntry: false }) !== undefined) continue;
      writing(above, () => mkdirSync(above));
      changed.add(dirname(above));
    }
    const to = join(directory, layer.title);
    const old = lstatSync(to, { throwIfNoEntry: false });
    const isOver = old !== undefined && (old.isDirectory() || layer.isDirectory);
    if (isOver) writing(to, () => renameSync(to, join(stage, `old-${at}`)));
    writing(to, () => renameSync(path, to));
    changed.add(dirname(to));
  }
  for (const parent of changed) syncDirectory(parent);
  return Promise.resolve();
}
