// SPDX-License-Identifier: MIT
import { join, resolve } from "node:path";
import type { Configuration } from "./configuration.ts";

const DEFAULT_OUTPUT = "out/linux-runtime";

/** The absolute directory that holds the images of all architectures. */
export function outputRoot(configuration: Configuration): string {
  return resolve(configuration.directory, configuration.document.output ?? DEFAULT_OUTPUT);
}

/** The absolute directory of one architecture's image: `<output>/<arch>`, a layout. */
export function outputDirectory(configuration: Configuration, architecture: string): string {
  return join(outputRoot(configuration), architecture);
}
