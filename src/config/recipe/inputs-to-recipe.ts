// SPDX-License-Identifier: MIT
import type { Artifact, Base, ImageInput } from "../../assemble/recipe/recipe.ts";
import { type Location, formatLocation, parseLocation } from "../../image/location.ts";
import { isOciError } from "../../oci/errors.ts";
import type { Configuration, KeyPath } from "../configuration.ts";
import { type Expander, pick } from "../expand-variables.ts";
import { shortPathFrom } from "../short-path.ts";
import type { ArtifactDocument, BaseDocument, ConfigurationDocument } from "../schema.ts";
import { parseOwner } from "./parse-values.ts";

/** The base for one architecture. @throws OciError `invalid-recipe` */
export function baseOf(configuration: Configuration, expander: Expander): Base {
  const { base } = configuration.document;
  const path = ["base"];
  const own = isOne(base) ? base : pick(base, expander.architecture);
  if (own === undefined) {
    throw expander.refuse(path, `expected a base for ${expander.architecture}`);
  }
  if (own === "scratch") return own;
  const input = artifactOf(own, path, configuration, expander);
  if ("reference" in input) return input;
  throw expander.refuse(path, "expected an image, got a plain directory");
}

function isOne(base: ConfigurationDocument["base"]): base is BaseDocument {
  return typeof base === "string" || typeof base["reference"] === "string";
}

/** The artifacts for one architecture. @throws OciError `invalid-recipe` */
export function artifactsOf(
  configuration: Configuration,
  expander: Expander,
): Readonly<Record<string, Artifact>> {
  const entries = Object.entries(configuration.document.artifacts ?? {});
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      artifactOf(value, ["artifacts", name], configuration, expander),
    ]),
  );
}

function artifactOf(
  value: ArtifactDocument,
  path: KeyPath,
  configuration: Configuration,
  expander: Expander,
): Artifact {
  if (typeof value === "object" && "directory" in value) {
    const directory = expander.expand(value.directory, [...path, "directory"]);
    const { owner, times, xattrs } = value;
    return {
      directory: shortPathFrom(configuration.directory, directory),
      owner: owner === undefined || owner === "keep" ? owner : parseOwner(owner),
      times,
      xattrs,
    };
  }
  const isText = typeof value === "string";
  const at = isText ? path : [...path, "reference"];
  const reference = expander.expand(isText ? value : value.reference, at);
  const platform =
    isText || value.platform === undefined
      ? undefined
      : expander.expand(value.platform, [...path, "platform"]);
  try {
    return inputOf(reference, configuration.directory, configuration.image, platform);
  } catch (error) {
    if (!isOciError(error)) throw error;
    throw expander.refuse(at, error.message, error.hint);
  }
}

/**
 * Makes an input from a reference as people write it: `dir:DIR` is a plain directory, and everything else is
 * an image. Relative paths are taken from `directory`. A bare word is a tag of `repository`.
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
      return { ...location, directory: shortPathFrom(directory, location.directory) };
    case "path":
      return { ...location, path: shortPathFrom(directory, location.path) };
    case "oci-archive":
    case "docker-archive":
      return location.file === "-"
        ? location
        : { ...location, file: shortPathFrom(directory, location.file) };
  }
}
