// SPDX-License-Identifier: MIT
import { readEnvironment } from "../../image/edit/environment.ts";
import { OciError } from "../../oci/errors.ts";

const NAME = /^[A-Za-z_]\w*$/;
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
    if (name === undefined || !NAME.test(name)) {
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
      hint: "Define it among the variables, or write $$ for a dollar sign.",
    });
  });
}

/**
 * The environment of the new image (`NAME=value`, as in an image's config): the base's with the
 * recipe's keys put in, each at the place of the one it replaces, else at the end. A value sees what
 * the environment holds so far, then the recipe's variables: `PATH: "/opt/bin:${PATH}"`.
 * @throws OciError `invalid-recipe`
 */
export function mergeEnvironment(
  inherited: readonly string[],
  changes: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>>,
): readonly string[] {
  const environment = readEnvironment(inherited);
  const lookup = (name: string): string | undefined =>
    environment.get(name)?.slice(name.length + 1) ??
    (Object.hasOwn(variables, name) ? variables[name] : undefined);
  for (const [name, value] of Object.entries(changes)) {
    checkName(name);
    environment.set(name, `${name}=${expandVariables(value, lookup, `config.env.${name}`)}`);
  }
  return [...environment.values()];
}

function checkName(name: string): void {
  if (NAME.test(name)) return;
  throw new OciError(
    "invalid-recipe",
    `config.env: expected a name of letters, digits and _, got ${JSON.stringify(name)}`,
  );
}
