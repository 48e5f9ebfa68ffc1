// SPDX-License-Identifier: MIT
import { resolve } from "node:path";
import type { Configuration } from "../../config/configuration.ts";
import type { Location } from "../../image/location.ts";
import { OciError } from "../../oci/errors.ts";
import { hintAtPath } from "./meant-path.ts";
import type { Context } from "../context.ts";

/** What a command needs a configuration for. */
export interface ConfigurationWanted {
  /** The path that the command is about. Default: the working directory. */
  readonly about?: string | undefined;
  /** Replace the variables of the same name in the file. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
}

/**
 * The configuration that `--config` names; otherwise `linux/oci-kit.yaml` or `oci-kit.yaml`, searched for from
 * the path `about` upward. Undefined when there is none, and with `--no-config`.
 * @throws OciError `invalid-recipe`; `not-found` when the file that `--config` names does not exist
 */
export async function findConfigured(
  { configuration }: Context,
  { about = ".", variables }: ConfigurationWanted = {},
): Promise<Configuration | undefined> {
  if (configuration === false) return undefined;
  const { findConfiguration } = await import("../../config/find-configuration.ts");
  const file =
    configuration === undefined ? await findConfiguration(about) : resolve(configuration);
  if (file === undefined) return undefined;
  const { loadConfiguration } = await import("../../config/load-configuration.ts");
  return loadConfiguration(file, { variables });
}

/**
 * The configuration that applies to a location. For a path it is the one found upward from that path. For an
 * image in a registry it is the one of the working directory, if that configures the image's repository. The
 * one that `--config` names applies to every location.
 * @throws OciError as {@link findConfigured}
 */
export async function findConfiguredFor(
  location: Location,
  context: Context,
  variables?: Readonly<Record<string, string>>,
): Promise<Configuration | undefined> {
  const isNamed = context.configuration !== undefined;
  const found = await findConfigured(context, { about: placeOf(location), variables });
  if (isNamed || location.kind !== "registry") return found;
  if (found?.image === undefined) return undefined;
  const { parseReference } = await import("../../oci/reference.ts");
  const { registry, repository } = parseReference(found.image);
  const { reference } = location;
  const isOwn = reference.registry === registry && reference.repository === repository;
  return isOwn ? found : undefined;
}

function placeOf(location: Location): string {
  switch (location.kind) {
    case "registry":
      return ".";
    case "oci":
    case "dir":
      return location.directory;
    case "path":
      return location.path;
    case "oci-archive":
    case "docker-archive":
      return location.file === "-" ? "." : location.file;
  }
}

/** The shortest path from here to the configuration, as `linux/oci-kit.yaml`, or `none`. For people. */
export async function nameOf(configuration: Configuration | undefined): Promise<string> {
  if (configuration?.file === undefined) return "none";
  const { shortPathFrom } = await import("../../config/short-path.ts");
  return shortPathFrom(".", configuration.file);
}

/** Parses the values of `--set`. @throws OciError `invalid-argument` */
export function variablesOf(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf("=");
      if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
      throw new OciError(
        "invalid-argument",
        `--set: expected NAME=VALUE, got ${JSON.stringify(text)}`,
      );
    }),
  );
}

/** Refuses `--set` when there is no configuration. @throws OciError `invalid-argument` */
export function checkSet(
  variables: Readonly<Record<string, string>>,
  configuration: Configuration | undefined,
): void {
  const [name] = Object.keys(variables);
  if (name === undefined || configuration !== undefined) return;
  throw new OciError(
    "invalid-argument",
    `--set: expected an oci-kit.yaml with the variable ${JSON.stringify(name)}, got no configuration`,
  );
}

/** The error of a command that needs a configuration when there is none. */
export function noConfiguration(what: string, hint: string): OciError {
  return new OciError(
    "missing-input",
    `${what}: expected linux/oci-kit.yaml here or in a directory above, found none`,
    { hint },
  );
}

/**
 * Parses a reference that a user typed. A bare word is a tag of the configured repository.
 * @throws OciError `invalid-reference`
 */
export async function parseConfigured(text: string, context: Context): Promise<Location> {
  const { parseLocation } = await import("../../image/location.ts");
  // Only a bare word needs the configuration. A full reference must work even if the configuration is broken.
  const repository = isBareWord(text) ? (await findConfigured(context))?.image : undefined;
  try {
    return parseLocation(text, { repository });
  } catch (error) {
    throw hintAtPath(error, text);
  }
}

/** Whether the text looks like a tag, rather than a path or a full reference. */
export function isBareWord(text: string): boolean {
  return /^\w[\w.-]*$/.test(text);
}
