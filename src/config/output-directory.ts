// SPDX-License-Identifier: MIT
import { basename, dirname, join, resolve } from "node:path";
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

/** The directory of the layouts of a chain's images that name none, of all variants. */
export function chainLayouts(configuration: Configuration): string {
  return join(chainDirectory(configuration, undefined), "layouts");
}

/**
 * The directory of what a chain's builds leave: status, logs, what is not pushed yet. It is beside the directory of the
 * images (`out/chain`), since everything in that one is taken for an image. A variant has its own.
 */
export function chainDirectory(configuration: Configuration, variant: string | undefined): string {
  const output = resolve(configuration.directory, configuration.document.output ?? DEFAULT_OUTPUT);
  const parent = dirname(output);
  const isTop = parent === resolve(configuration.directory);
  const name = isTop ? `${basename(output)}-chain` : "chain";
  return join(parent, variant === undefined ? name : `${name}-${variant}`);
}
