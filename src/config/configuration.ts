// SPDX-License-Identifier: MIT
import type { Recipe } from "../assemble/recipe.ts";

/** A value that may differ by architecture. */
export type PerArchitecture<T> = T | Readonly<Record<string, T>>;

/** Where a link has to end, for `verify-links`. */
export interface ConfiguredLink {
  readonly path: string;
  readonly target: string;
}

/** `oci-kit.yaml`, read and checked; nothing in it is expanded yet. */
export interface Configuration {
  /** The file, for messages; undefined when it was made from flags. */
  readonly file: string | undefined;
  /** What relative paths in it are relative to. */
  readonly directory: string;
  /** The repository that images are published to, without tag. */
  readonly image: string | undefined;
  readonly architectures: readonly string[];
}

/** @throws OciError `invalid-argument` for an architecture that the configuration does not list, `invalid-recipe` for an undefined variable */
export declare function configurationToRecipe(
  configuration: Configuration,
  architecture: string,
): Recipe;
/** Absolute directory of one architecture's image: `<output>/<arch>`. */
export declare function outputDirectory(configuration: Configuration, architecture: string): string;
/** What the links of one architecture's image have to be. */
export declare function expectedLinks(
  configuration: Configuration,
  architecture: string,
): readonly ConfiguredLink[];
