// SPDX-License-Identifier: MIT
import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { OciError } from "../oci/errors.ts";

const NAMES = ["linux/oci-kit.yaml", "oci-kit.yaml"] as const;

/**
 * Finds the configuration for a directory: `linux/oci-kit.yaml`, else `oci-kit.yaml`, in the directory itself
 * or in the nearest one above it. Undefined when there is none.
 * @throws OciError `unreadable` for a directory that can't be searched: it may contain a configuration
 */
export async function findConfiguration(from: string): Promise<string | undefined> {
  for (let directory = resolve(from); ; directory = dirname(directory)) {
    for (const name of NAMES) {
      const file = join(directory, name);
      if (await isFile(file)) return file;
    }
    if (directory === dirname(directory)) return undefined;
  }
}

/**
 * The directory from which the paths of a configuration are taken: the parent of `linux/`, or else the file's
 * own directory.
 */
export function projectDirectory(file: string): string {
  const path = resolve(file);
  const directory = dirname(path);
  return path.endsWith(join("/linux", "oci-kit.yaml")) ? dirname(directory) : directory;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw new OciError("unreadable", `${path}: it can't be looked for`, { cause: error });
  }
}
