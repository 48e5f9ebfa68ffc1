// SPDX-License-Identifier: MIT
import { resolve } from "node:path";
import type { Artifact, Base, ImageInput } from "../assemble/recipe.ts";
import { type Location, formatLocation, parseLocation } from "../image/location.ts";
import { isOciError } from "../oci/errors.ts";
import type { Configuration } from "./configuration.ts";
import { type Expander, pick } from "./expander.ts";
import type { ConfigurationFile } from "./schema.ts";
import type { KeyPath } from "./yaml-source.ts";

type FileArtifact = NonNullable<ConfigurationFile["artifacts"]>[string];

/** The base for one architecture. @throws OciError `invalid-recipe` */
export function baseOf(configuration: Configuration, expander: Expander): Base {
  const { base } = configuration.content;
  const path = ["base"];
  const own = isInput(base) ? base : pick(base, expander.architecture);
  if (own === undefined) {
    throw expander.refuse(path, `expected a base for ${expander.architecture}`);
  }
  if (own === "scratch") return own;
  const input = artifactOf(own, path, configuration, expander);
  if ("reference" in input) return input;
  throw expander.refuse(path, "expected an image, got a plain directory");
}

/** The artifacts for one architecture. @throws OciError `invalid-recipe` */
export function artifactsOf(
  configuration: Configuration,
  expander: Expander,
): Readonly<Record<string, Artifact>> {
  const artifacts: Record<string, Artifact> = {};
  for (const [name, value] of Object.entries(configuration.content.artifacts ?? {})) {
    const path = ["artifacts", name];
    const own = isInput(value) ? value : pick(value, expander.architecture);
    if (own !== undefined) artifacts[name] = artifactOf(own, path, configuration, expander);
  }
  return artifacts;
}

type OneArtifact = Exclude<FileArtifact, Readonly<Record<string, FileArtifact>>>;

function isInput<T extends object | string>(
  value: T,
): value is Extract<T, string | { reference: string } | { directory: string }> {
  return typeof value === "string" || "reference" in value || "directory" in value;
}

function artifactOf(
  value: OneArtifact | string,
  path: KeyPath,
  configuration: Configuration,
  expander: Expander,
): Artifact {
  if (typeof value === "object" && "directory" in value) {
    const directory = expander.expand(value.directory, [...path, "directory"]);
    return { ...value, directory: resolve(configuration.directory, directory) };
  }
  const [text, at] =
    typeof value === "string" ? [value, path] : [value.reference, [...path, "reference"]];
  const platform = typeof value === "string" ? undefined : value.platform;
  const reference = expander.expand(text, at);
  try {
    return inputOf(reference, configuration.directory, configuration.image, platform);
  } catch (error) {
    if (!isOciError(error)) throw error;
    throw expander.refuse(at, error.message, error.hint);
  }
}

/**
 * An input from a reference as people write it: `dir:DIR` is a plain directory, all else an image.
 * Relative paths are taken from `directory`; a bare word is a tag of `repository`.
 * @throws OciError `invalid-reference`
 */
export function inputOf(
  text: string,
  directory: string,
  repository?: string,
  platform?: string,
): Artifact {
  const location = locationIn(parseLocation(text, { repository }), directory);
  if (location.kind === "dir") return { directory: location.directory };
  const input: ImageInput = { reference: formatLocation(location) };
  return platform === undefined ? input : { ...input, platform };
}

function locationIn(location: Location, directory: string): Location {
  switch (location.kind) {
    case "registry":
      return location;
    case "oci":
    case "dir":
      return { ...location, directory: resolve(directory, location.directory) };
    case "path":
      return { ...location, path: resolve(directory, location.path) };
    case "oci-archive":
    case "docker-archive":
      return location.file === "-"
        ? location
        : { ...location, file: resolve(directory, location.file) };
  }
}
