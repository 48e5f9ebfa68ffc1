// SPDX-License-Identifier: MIT
import { join } from "node:path";
import type { Configuration } from "./configuration.ts";
import { shortPathFrom } from "./short-path.ts";

/** The directory of all images where no configuration names another. */
export const DEFAULT_OUTPUT = "out/linux-runtime";

/** The directory that holds the images of all architectures, as short as it can be said from here. */
export function outputRoot(configuration: Configuration): string {
  return shortPathFrom(configuration.directory, configuration.document.output ?? DEFAULT_OUTPUT);
}

/** The directory of one architecture's image: `<output>/<arch>`, a layout. */
export function outputDirectory(configuration: Configuration, architecture: string): string {
  return join(outputRoot(configuration), architecture);
}
