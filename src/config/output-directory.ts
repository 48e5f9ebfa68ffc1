// SPDX-License-Identifier: MIT
import { join } from "node:path";
import type { Configuration } from "./configuration.ts";
import { shortPathFrom } from "./short-path.ts";

/** The default directory of all images. */
export const DEFAULT_OUTPUT = "out/linux-runtime";

/**
 * The directory that holds the images of all architectures, written as short as possible from the working
 * directory.
 */
export function outputRoot(configuration: Configuration): string {
  return shortPathFrom(configuration.directory, configuration.document.output ?? DEFAULT_OUTPUT);
}

/** The directory of one architecture's image: `<output>/<arch>`, a layout. */
export function outputDirectory(configuration: Configuration, architecture: string): string {
  return join(outputRoot(configuration), architecture);
}
