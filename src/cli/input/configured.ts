// SPDX-License-Identifier: MIT
import type { Configuration } from "../../config/configuration.ts";
import type { OpenReference } from "../../image/open-reference.ts";
import type { Location } from "../../image/location.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { OciError } from "../../oci/errors.ts";
import type { Context } from "../context.ts";

/**
 * The configuration of the working directory: `linux/oci-kit.yaml` or `oci-kit.yaml`, found upward.
 * Undefined when there is none. `variables` replace those of the file.
 * @throws OciError `invalid-recipe`
 */
export async function findConfigured(
  variables: Readonly<Record<string, string>> = {},
): Promise<Configuration | undefined> {
  const { findConfiguration } = await import("../../config/find-configuration.ts");
  const file = await findConfiguration(process.cwd());
  if (file === undefined) return undefined;
  const { loadConfiguration } = await import("../../config/load-configuration.ts");
  return loadConfiguration(file, { variables });
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
export async function parseConfigured(text: string): Promise<Location> {
  const { parseLocation } = await import("../../image/location.ts");
  // Only a bare word needs the configuration: a full reference must work beside a broken one.
  const repository = isBareWord(text) ? (await findConfigured())?.image : undefined;
  return parseLocation(text, { repository });
}

/** Whether the text is neither a path nor a full reference, but what a tag looks like. */
export function isBareWord(text: string): boolean {
  return /^\w[\w.-]*$/.test(text);
}

/** Opens a reference as people type it, for reading. The caller closes it. */
export async function openConfigured(
  text: string,
  { signal, registry, limits }: Context,
): Promise<OpenReference> {
  const { openReference } = await import("../../image/open-reference.ts");
  return openReference(await parseConfigured(text), { signal, registry, limits });
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
  return "file" in location && location.file === "-";
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
