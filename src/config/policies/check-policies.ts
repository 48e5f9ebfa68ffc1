// SPDX-License-Identifier: MIT
import type { KeyPath } from "../configuration.ts";
import type { ConfigurationDocument } from "../schema.ts";
import { LINKS } from "./configured-policies.ts";

/** What the schema can't express of policies: no name twice, and conditions that name variables of the file. */
export function checkPolicies(
  { policies = [], variables = {} }: ConfigurationDocument,
  locate: (path: KeyPath) => string,
): string[] {
  const wrong: string[] = [];
  policies.forEach(({ name, when = {} }, at) => {
    const path = ["policies", at];
    if (name === LINKS) {
      wrong.push(
        `${locate([...path, "name"])}: expected another name: ${LINKS} are the links of this file`,
      );
    } else if (policies.findIndex((other) => other.name === name) < at) {
      wrong.push(`${locate([...path, "name"])}: there is another policy ${name}`);
    }
    for (const variable of Object.keys(when)) {
      if (Object.hasOwn(variables, variable) || variable === "ARCH") continue;
      wrong.push(`${locate([...path, "when", variable])}: expected a variable of this file`);
    }
  });
  return wrong;
}
