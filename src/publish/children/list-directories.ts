// SPDX-License-Identifier: MIT
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { OciError } from "../../oci/errors.ts";

/** A subdirectory. */
export interface FoundDirectory {
  readonly name: string;
  readonly path: string;
  /** Whether it has the file that marks an image layout (image-spec, image-layout.md, "oci-layout file"). */
  readonly isLayout: boolean;
}

/**
 * The subdirectories of a directory, sorted by name. Links to directories are included, hidden directories
 * are not.
 * @throws OciError `not-found`, `unreadable`
 */
export async function listDirectories(directory: string): Promise<FoundDirectory[]> {
  const found: FoundDirectory[] = [];
  try {
    const names = await readdir(directory);
    for (const name of names.filter((entry) => !entry.startsWith(".")).sort()) {
      const path = join(directory, name);
      const directoryIsThere = (await statIfThere(path))?.isDirectory() === true;
      if (!directoryIsThere) continue;
      const isLayout = (await statIfThere(join(path, "oci-layout"))) !== undefined;
      found.push({ name, path, isLayout });
    }
  } catch (error) {
    throw failure(directory, error);
  }
  return found;
}

async function statIfThere(path: string): Promise<Awaited<ReturnType<typeof stat>> | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function failure(directory: string, cause: unknown): OciError {
  const absent = codeOf(cause) === "ENOENT";
  const got = absent ? "no such directory" : String(codeOf(cause));
  return new OciError(
    absent ? "not-found" : "unreadable",
    `${directory}: expected a directory of image layouts, got ${got}`,
    {
      details: { directory },
      cause,
      ...(absent && {
        hint: "Assemble the images first (`oci-kit assemble`), or name them with --from.",
      }),
    },
  );
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
