// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import type { Configuration } from "../../config/configuration.ts";
import type { Context } from "../context.ts";
import { checkSet, findConfiguredFor, isBareWord, parseConfigured } from "./configured.ts";

/** A target in the form that the library takes, with the configuration that applies to it. */
export interface ConfiguredTarget {
  readonly location: string;
  readonly configuration: Configuration | undefined;
}

/** Resolves the targets. @throws OciError `invalid-argument` when `--set` is given and no target has a configuration */
export async function findConfiguredTargets(
  targets: readonly string[],
  variables: Readonly<Record<string, string>>,
  context: Context,
): Promise<readonly ConfiguredTarget[]> {
  const found: ConfiguredTarget[] = [];
  for (const text of targets) {
    const location = await locationOf(text, context);
    const { parseLocation } = await import("../../image/location.ts");
    const configuration = await findConfiguredFor(parseLocation(location), context, variables);
    found.push({ location, configuration });
  }
  checkSet(variables, found.find(({ configuration }) => configuration)?.configuration);
  return found;
}

/** A target in the form that the library takes. A bare word is a tag, unless something of that name exists here. */
async function locationOf(target: string, context: Context): Promise<string> {
  if (isBareWord(target) && existsSync(target)) return `./${target}`;
  const { formatLocation } = await import("../../image/location.ts");
  return formatLocation(await parseConfigured(target, context));
}
