// SPDX-License-Identifier: MIT
import { resolve } from "node:path";
import type { Configuration } from "../../config/configuration.ts";
import { escapeText } from "../../bytes/byte-string.ts";
import { isStandardOutput } from "../../files/output/standard-output.ts";
import type { OpenOptions, OpenReference } from "../../image/open-reference.ts";
import type { Location } from "../../image/location.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { OciError } from "../../oci/errors.ts";
import type { Context } from "../context.ts";
import { formatBytes } from "../output/format.ts";

/** What a command takes a configuration for. */
export interface ConfigurationWanted {
  /** The path that the command is about. Default: the working directory. */
  readonly about?: string | undefined;
  /** They replace those of the file. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
}

/**
 * The configuration that `--config` names; else `linux/oci-kit.yaml` or `oci-kit.yaml`, found upward from
 * what the command is about. Undefined when there is none, and after `--no-config`.
 * @throws OciError `invalid-recipe`; `not-found` for a file that was named
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
 * The configuration that holds for what is at a location: of a path the one found upward from there, of an
 * image in a registry that of the working directory when it configures that repository. What `--config`
 * names holds for everything.
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

/** For people: `linux/oci-kit.yaml`, as short as it can be said from here, or that there is none. */
export async function nameOf(configuration: Configuration | undefined): Promise<string> {
  if (configuration?.file === undefined) return "none";
  const { shortPathFrom } = await import("../../config/short-path.ts");
  return shortPathFrom(".", configuration.file);
}

/** The variables of `--set`. @throws OciError `invalid-argument` */
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

/** Refuses variables that no configuration is there for. @throws OciError `invalid-argument` */
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

/** A command that needs a configuration, and there is none. */
export function noConfiguration(what: string, hint: string): OciError {
  return new OciError(
    "missing-input",
    `${what}: expected linux/oci-kit.yaml here or in a directory above, found none`,
    { hint },
  );
}

/**
 * Parses a reference as people type it. A bare word is a tag of the configured repository.
 * @throws OciError `invalid-reference`
 */
export async function parseConfigured(text: string, context: Context): Promise<Location> {
  const { parseLocation } = await import("../../image/location.ts");
  // Only a bare word needs the configuration: a full reference must work beside a broken one.
  const repository = isBareWord(text) ? (await findConfigured(context))?.image : undefined;
  return parseLocation(text, { repository });
}

/** Whether the text is neither a path nor a full reference, but what a tag looks like. */
export function isBareWord(text: string): boolean {
  return /^\w[\w.-]*$/.test(text);
}

/**
 * Opens a reference as people type it, for reading. The caller closes it.
 * @param target what is on its way to: what has to be kept meanwhile is kept beside it
 */
export async function openConfigured(
  text: string,
  context: Context,
  target?: Location,
): Promise<OpenReference> {
  const { signal, registry, limits } = context;
  const [{ openReference }, location] = await Promise.all([
    import("../../image/open-reference.ts"),
    parseConfigured(text, context),
  ]);
  const isArchive = location.kind === "oci-archive" || location.kind === "docker-archive";
  const spooling = isArchive ? await spoolingFor(target, context) : {};
  return openReference(location, { signal, registry, limits, ...spooling });
}

/** Where archives that can't be read in place are kept, and that it is said how much room they take. */
export async function spoolingFor(
  target: Location | undefined,
  { env, stderr }: Context,
): Promise<Pick<OpenOptions, "spoolDirectory" | "onSpool">> {
  const [{ spoolPlaceBeside }, { defaultSpoolDirectory }] = await Promise.all([
    import("../../image/spool-place.ts"),
    import("../../store/digest-cache.ts"),
  ]);
  const beside = target && spoolPlaceBeside(target);
  return {
    spoolDirectory: beside ?? defaultSpoolDirectory(env),
    onSpool: ({ kind, directory, bytes }) => {
      if (kind === "spooling" && stderr.isTTY !== true) return;
      const verb = kind === "spooling" ? "keeping" : "kept";
      const text = `${verb} ${formatBytes(bytes)} in ${escapeText(directory)} until the command ends`;
      stderr.write(
        kind === "spooling"
          ? `\r${text}`
          : `${stderr.isTTY === true ? "\r" : ""}oci-kit: ${text}\n`,
      );
    },
  };
}

/** What a reference means, or with a platform the image for it of what it means. */
export async function rootOf(
  from: OpenReference,
  platform: string | undefined,
  { signal, limits }: Context,
): Promise<Descriptor> {
  if (platform === undefined) return from.root({ signal });
  const [{ findImage }, { parsePlatform }] = await Promise.all([
    import("../../image/find-image.ts"),
    import("../../oci/platform.ts"),
  ]);
  const wanted = parsePlatform(platform);
  return findImage(from.store, await from.root({ signal }), wanted, { signal, limits });
}

/** Whether what is written to a location goes to the standard output, which then can't take a report too. */
export function isStdout(location: Location): boolean {
  return "file" in location && isStandardOutput(location.file);
}

/**
 * The store that a location is in, for moving its tags: the location without its tag and digest.
 * @throws OciError `unsupported-operation` for what is written once and whole
 */
export function storeOf(location: Location): Location {
  switch (location.kind) {
    case "registry": {
      const { registry, repository } = location.reference;
      return { kind: "registry", reference: { registry, repository } };
    }
    case "oci":
      return { kind: "oci", directory: location.directory };
    case "path":
      return { kind: "oci", directory: location.path };
    case "oci-archive":
    case "docker-archive":
    case "dir":
      throw new OciError(
        "unsupported-operation",
        `${location.kind}: expected a registry or a layout, whose tags can be moved`,
        { hint: "Copy it into one: oci-kit copy SRC oci:DIR:TAG" },
      );
  }
}
