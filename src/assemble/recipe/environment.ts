// SPDX-License-Identifier: MIT
import { readEnvironment } from "../../image/edit/read-environment.ts";
import { OciError } from "../../oci/errors.ts";

const NAME = /^[A-Za-z_]\w*$/;
const BASE = "base.";
// `$$`, `${NAME}`, or a dollar sign that is part of neither
const REFERENCE = /\$(?:(\$)|\{([^}]*)\})?/g;

/**
 * Replaces every `${NAME}` in a text with the result of `lookup`, and `$$` with a dollar sign. Inserted
 * values are not expanded again.
 * @throws OciError `invalid-recipe` naming `where`, for an undefined name and for any other use of `$`
 */
export function expandVariables(
  text: string,
  lookup: (name: string) => string | undefined,
  where: string,
): string {
  return text.replace(REFERENCE, (found, dollar?: string, name?: string) => {
    if (dollar !== undefined) return "$";
    if (name === undefined || !NAME.test(withoutBase(name))) {
      throw new OciError(
        "invalid-recipe",
        `${where}: expected \${NAME} or $$ in ${JSON.stringify(text)}, got ${JSON.stringify(found)}`,
        { details: { where }, hint: "Write $$ for a dollar sign." },
      );
    }
    const value = lookup(name);
    if (value !== undefined) return value;
    throw new OciError("invalid-recipe", `${where}: \${${name}} is not defined`, {
      details: { where, variable: name },
      hint: name.startsWith(BASE)
        ? "Only config.env can name the base's environment, and only what that has."
        : "Define it among the variables, or write $$ for a dollar sign.",
    });
  });
}

/** Strips the prefix `base.`, which refers to the base's own value of a variable. */
function withoutBase(name: string): string {
  return name.startsWith(BASE) ? name.slice(BASE.length) : name;
}

/**
 * The environment of the new image (`NAME=value`, as in an image's config): the base's, with the recipe's
 * variables replacing those of the same name in place, and new ones at the end. `${NAME}` in a value is the
 * recipe's variable of that name; if there is none, it is the value in the environment so far (`PATH:
 * "/opt/bin:${PATH}"`). `${base.NAME}` is the base's value.
 * @throws OciError `invalid-recipe`
 */
export function mergeEnvironment(
  inherited: readonly string[],
  changes: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>>,
): readonly string[] {
  const base = readEnvironment(inherited);
  const environment = readEnvironment(inherited);
  const lookup = (name: string): string | undefined => {
    if (name.startsWith(BASE)) return valueIn(base, withoutBase(name));
    return Object.hasOwn(variables, name) ? variables[name] : valueIn(environment, name);
  };
  for (const [name, value] of Object.entries(changes)) {
    checkName(name);
    environment.set(name, `${name}=${expandVariables(value, lookup, `config.env.${name}`)}`);
  }
  return [...environment.values()];
}

/** A variable that has one value in the recipe and another in the base's environment. */
export interface Contradiction {
  readonly name: string;
  readonly base: string;
  readonly variable: string;
  /** Whether the recipe sets it in the image's environment; if not, the image keeps the base's value. */
  readonly isSet: boolean;
}

/**
 * Variables that every recipe has, used or not. A different value in the base is a contradiction only if
 * the recipe uses them.
 */
const BUILT_IN: ReadonlySet<string> = new Set(["ARCH", "TRIPLET"]);

/** Finds the variables that the base's environment contradicts, usually because the base is an older one. */
export function findContradictions(
  inherited: readonly string[],
  changes: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>>,
): readonly Contradiction[] {
  const environment = readEnvironment(inherited);
  const used = Object.values(changes).join("\n");
  return Object.entries(variables).flatMap(([name, variable]) => {
    const base = valueIn(environment, name);
    if (base === undefined || base === variable) return [];
    if (BUILT_IN.has(name) && !used.includes(`\${${name}}`)) return [];
    return { name, base, variable, isSet: Object.hasOwn(changes, name) };
  });
}

function valueIn(environment: ReadonlyMap<string, string>, name: string): string | undefined {
  return environment.get(name)?.slice(name.length + 1);
}

function checkName(name: string): void {
  if (NAME.test(name)) return;
  throw new OciError(
    "invalid-recipe",
    `config.env: expected a name of letters, digits and _, got ${JSON.stringify(name)}`,
  );
}
