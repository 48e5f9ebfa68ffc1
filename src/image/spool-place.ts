// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isStandardOutput } from "../files/output/standard-output.ts";
import type { Location } from "./location.ts";

/**
 * The directory beside a target, for data that must be kept on disk while the target is written. That
 * filesystem must have room for the target anyway. Undefined for a registry and a pipe, which have no such
 * directory.
 */
export function spoolPlaceBeside(target: Location): string | undefined {
  switch (target.kind) {
    case "registry":
      return undefined;
    case "oci":
    case "dir":
      return existingAbove(target.directory);
    case "path":
      return existingAbove(target.path);
    case "oci-archive":
    case "docker-archive":
      return isStandardOutput(target.file) ? undefined : existingAbove(target.file);
  }
}

function existingAbove(path: string): string {
  let directory = dirname(resolve(path));
  while (!existsSync(directory)) directory = dirname(directory);
  return directory;
}
