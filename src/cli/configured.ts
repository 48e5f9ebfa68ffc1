// SPDX-License-Identifier: MIT
import { relative, resolve } from "node:path";
import type { Configuration } from "../config/configuration.ts";
import type { OpenReference } from "../image/open-reference.ts";
import type { Location } from "../image/location.ts";
import { OciError } from "../oci/errors.ts";
import type { Context } from "./context.ts";

/**
 * The configuration of the working directory: `linux/oci-kit.yaml` or `oci-kit.yaml`, found upward.
 * Undefined when there is none. `variables` replace those of the file.
 * @throws OciError `invalid-recipe`
 */
export async function configurationOf(
  context: Context,
  variables: Readonly<Record<string, string>> = {},
): Promise<Configuration | undefined> {
  const { findConfiguration } = await import("../config/find-configuration.ts");
  const file = await findConfiguration(context.workingDirectory);
  if (file === undefined) return undefined;
  const { loadConfiguration } = await import("../config/load-configuration.ts");
  return loadConfiguration(file, { variables });
}

/** A command that needs a configuration, and there is none. */
export function noConfiguration(what: string, hint: string): OciError {
  return new OciError(
    "missing-input",
    `${what}: expected linux/oci-kit.yaml here or in a directory above, found none`,
    { hint },
  );
}

/**
 * Parses a reference as people type it. A bare word is a tag of the configured repository; a path is
 * taken from the working directory.
 * @throws OciError `invalid-reference`
 */
export async function parseConfigured(text: string, context: Context): Promise<Location> {
  const { parseLocation } = await import("../image/location.ts");
  // Only a bare word needs the configuration: a full reference must work beside a broken one.
  const bare = /^\w[\w.-]*$/.test(text);
  const repository = bare ? (await configurationOf(context))?.image : undefined;
  return inDirectory(parseLocation(text, { repository }), context.workingDirectory);
}

/** Opens a reference as people type it, for reading. The caller closes it. */
export async function openConfigured(text: string, context: Context): Promise<OpenReference> {
  const { openReference } = await import("../image/open-reference.ts");
  return openReference(await parseConfigured(text, context), { signal: context.signal });
}

/** A path of the working directory, as short as it can be said from where the process is. */
function pathFrom(directory: string, path: string): string {
  const absolute = resolve(directory, path);
  const short = relative(process.cwd(), absolute);
  return short.startsWith("..") ? absolute : short || ".";
}

/** Relative paths are the working directory's, which in a test is not the process's. */
function inDirectory(location: Location, directory: string): Location {
  switch (location.kind) {
    case "registry":
      return location;
    case "oci":
    case "dir":
      return { ...location, directory: pathFrom(directory, location.directory) };
    case "oci-archive":
    case "docker-archive":
      return location.file === "-"
        ? location
        : { ...location, file: pathFrom(directory, location.file) };
    case "path":
      return { ...location, path: pathFrom(directory, location.path) };
  }
}

/** The store that a location is in: the location without its tag and digest. */
export function storeOf(location: Location): Location {
  switch (location.kind) {
    case "registry": {
      const { registry, repository } = location.reference;
      return { kind: "registry", reference: { registry, repository } };
    }
    case "oci":
      return { kind: "oci", directory: location.directory };
    case "oci-archive":
    case "docker-archive":
    case "dir":
    case "path":
      return location;
  }
}
