// SPDX-License-Identifier: MIT
import type { Configuration } from "../../config/configuration.ts";
import type { Location } from "../../image/location.ts";
import { OciError } from "../../oci/errors.ts";

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
