// SPDX-License-Identifier: MIT
import { expandVariables } from "../assemble/recipe/environment.ts";
import { OciError } from "../oci/errors.ts";
import { isKnownArchitecture, isSameArchitecture } from "./architectures.ts";
import { type Configuration, type KeyPath, formatKeyPath } from "./configuration.ts";

/** Debian's multiarch names, the values of `${TRIPLET}`. */
const TRIPLETS: ReadonlyMap<string, string> = new Map([
  ["386", "i386-linux-gnu"],
  ["amd64", "x86_64-linux-gnu"],
  ["arm", "arm-linux-gnueabihf"],
  ["arm64", "aarch64-linux-gnu"],
  ["loong64", "loongarch64-linux-gnu"],
  ["ppc64le", "powerpc64le-linux-gnu"],
  ["riscv64", "riscv64-linux-gnu"],
  ["s390x", "s390x-linux-gnu"],
]);

/** Expands the values of a configuration for one architecture. */
export interface Expander {
  readonly architecture: string;
  /** All variables: those given from outside, those of the file, `ARCH`, and `TRIPLET` if it is known. */
  readonly variables: Readonly<Record<string, string>>;
  /** Replaces the variables in a text. @throws OciError `invalid-recipe` naming line and key */
  expand(text: string, path: KeyPath): string;
  /** Replaces the variables in the values of a map, not in its keys. */
  expandMap(
    values: Readonly<Record<string, string>>,
    path: KeyPath,
  ): Readonly<Record<string, string>>;
  /**
   * Whether a condition (`arch:`) holds. It may name architectures that the configuration does not list.
   * @throws OciError `invalid-recipe` for an architecture that does not exist and is not listed
   */
  applies(arch: readonly string[] | undefined, path: KeyPath): boolean;
  /** Makes an error about the value at a path. */
  refuse(path: KeyPath, why: string, hint?: string): OciError;
}

/**
 * @throws OciError `invalid-argument` for an architecture that the configuration does not list;
 * `invalid-recipe`
 */
export function createExpander(configuration: Configuration, architecture: string): Expander {
  const { architectures, document } = configuration;
  if (!architectures.includes(architecture)) {
    throw new OciError(
      "invalid-argument",
      `${configuration.locate(["architectures"])}: expected ${architecture} to be one of the architectures, got ${architectures.join(", ")}`,
      {
        details: { architecture, architectures },
        hint: "Name one of these, or add the architecture to the list.",
      },
    );
  }
  const refuse = (path: KeyPath, why: string, hint?: string): OciError =>
    new OciError("invalid-recipe", `${configuration.locate(path)}: ${why}`, {
      details: { path: formatKeyPath(path) },
      ...(hint !== undefined && { hint }),
    });
  const triplet = TRIPLETS.get(architecture);
  const variables: Record<string, string> = {
    ARCH: architecture,
    ...(triplet !== undefined && { TRIPLET: triplet }),
  };
  const declared = document.variables ?? {};
  const expand = (text: string, path: KeyPath): string => {
    const lookup = (name: string): string | undefined => {
      if (Object.hasOwn(variables, name)) return variables[name];
      if (!Object.hasOwn(declared, name) || path[0] === "variables") return undefined;
      throw refuse(["variables", name], `expected a value for ${architecture}`);
    };
    return expandVariables(text, lookup, configuration.locate(path));
  };
  for (const [name, value] of Object.entries(declared)) {
    const path = ["variables", name];
    const own = typeof value === "string" ? value : pick(value, architecture);
    const given = pick(configuration.variables, name);
    if (given !== undefined) variables[name] = given;
    // A variable without a value for this architecture is an error only if it is used.
    else if (own !== undefined) variables[name] = expand(own, path);
  }
  Object.assign(variables, configuration.variables);
  return {
    architecture,
    variables,
    expand,
    expandMap: (values, path) =>
      Object.fromEntries(
        Object.entries(values).map(([key, value]) => [key, expand(value, [...path, key])]),
      ),
    refuse,
    applies(arch, path) {
      const unknown = arch?.find(
        (name) => !architectures.includes(name) && !isKnownArchitecture(name),
      );
      if (unknown === undefined) {
        return arch?.some((name) => isSameArchitecture(name, architecture)) ?? true;
      }
      throw refuse(
        [...path, "arch"],
        `expected architectures as ${architectures.join(", ")}, got ${JSON.stringify(unknown)}, which is none`,
      );
    },
  };
}

/** The value for an architecture. Undefined when the map has none. */
export function pick<T>(values: Readonly<Record<string, T>>, architecture: string): T | undefined {
  return Object.hasOwn(values, architecture) ? values[architecture] : undefined;
}
