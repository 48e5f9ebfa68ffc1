// SPDX-License-Identifier: MIT
import { readEnvironment } from "../../image/edit/environment.ts";
import { OciError } from "../../oci/errors.ts";

const NAME = /^[A-Za-z_]\w*$/;
const BASE = "base.";
// `$$`, `${NAME}`, or a dollar sign that is neither
const REFERENCE = /\$(?:(\$)|\{([^}]*)\})?/g;

/**
 * Text with every `${NAME}` replaced by what `lookup` says and `$$` by a dollar sign. What was put
 * in is not expanded again.
 * @throws OciError `invalid-recipe` naming `where`, for a name that is nowhere and for any other use of `$`
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

/** `NAME` of `base.NAME`, which means the base's own value. */
function withoutBase(name: string): string {
  return name.startsWith(BASE) ? name.slice(BASE.length) : name;
}

/**
 * The environment of the new image (`NAME=value`, as in an image's config): the base's with the
 * recipe's keys put in, each at the place of the one it replaces, else at the end. `${NAME}` in a value
 * is the recipe's variable of that name, where there is none what the environment holds so far
 * (`PATH: "/opt/bin:${PATH}"`); `${base.NAME}` is what the base has.
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

/** A variable of the recipe whose name means something else in the environment of the base. */
export interface Contradiction {
  readonly name: string;
  readonly base: string;
  readonly variable: string;
  /** Whether the recipe sets it; else the image keeps the base's value. */
  readonly isSet: boolean;
}

/** What every recipe has, whether it uses it or not: a base that has another is no contradiction yet. */
const BUILT_IN: ReadonlySet<string> = new Set(["ARCH", "TRIPLET"]);

/** The variables that the base's environment contradicts: an older base, mostly. */
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
