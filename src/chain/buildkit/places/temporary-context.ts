// SPDX-License-Identifier: MIT
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { makeDirectories } from "../../../files/make-directories.ts";
import { ownedName, sweepAbandoned } from "../../../files/owned-name.ts";
import { removeTree } from "../../../files/remove-tree.ts";
import { writing } from "../../../files/system-error.ts";
import { defaultCacheDirectory } from "../../../store/cache-directory.ts";
import { checkStageName } from "../request/stage-name.ts";

/** In milliseconds. One of another machine, or of another container, counts as left behind at this age. */
export const ABANDONED_AGE = 24 * 3600_000;

/** Where contexts that live for one stage are: `contexts` in the cache directory. */
export function defaultContextsDirectory(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  return join(defaultCacheDirectory(env), "contexts");
}

/**
 * Does work with a private directory for one stage, and removes it when the work has ended or failed. If this process
 * dies before that, the next call by anybody removes it: the name says who owns it.
 * @param root the directory to make it in; made if it is missing
 * @param name of the stage, for people who look there
 * @throws OciError `unwritable`, `invalid-argument` for the name; whatever `work` throws
 */
export async function withTemporaryContext<T>(
  root: string,
  name: string,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  sweepContexts(root);
  const directory = join(root, ownedName(checkStageName(name)));
  writing(directory, () => mkdirSync(directory, { mode: 0o700 }));
  try {
    return await work(directory);
  } finally {
    await removeTree(directory);
  }
}

/** Removes the contexts that dead processes left. Those of living ones stay; a missing root is made. @throws OciError `unwritable` */
export function sweepContexts(root: string): void {
  writing(root, () => {
    makeDirectories(root);
    sweepAbandoned(root, "", ABANDONED_AGE);
  });
}
