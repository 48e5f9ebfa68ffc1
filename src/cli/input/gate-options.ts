// SPDX-License-Identifier: MIT
import type { Recipe } from "../../assemble/recipe/recipe.ts";
import type { Configuration } from "../../config/configuration.ts";
import type { FactOptions } from "../../publish/children/child-facts.ts";
import { parseGateName } from "../../publish/gates.ts";
import type { GateName } from "../../publish/gates/gate.ts";
import type { Context } from "../context.ts";

/**
 * What the gates of an index are told by the flags and the configuration: which of them are overridden, where
 * provenance is kept, and of what the images have to be made.
 * @throws OciError `invalid-argument` for an unknown gate; `invalid-recipe`
 */
export async function gateOptions(
  force: readonly string[] | undefined,
  configuration: Configuration | undefined,
  { env, registry, limits, signal }: Context,
): Promise<FactOptions & { readonly force: readonly GateName[] | undefined }> {
  const { defaultCacheDirectory } = await import("../../store/cache-directory.ts");
  return {
    force: force?.map(parseGateName),
    keys: configuration?.document.provenance?.keys,
    recipes: configuration && (await recipesOf(configuration)),
    inputs: { cache: defaultCacheDirectory(env), registry, limits, signal },
  };
}

async function recipesOf(configuration: Configuration): Promise<readonly Recipe[]> {
  const { configurationToRecipe } = await import("../../config/recipe/configuration-to-recipe.ts");
  const names = configuration.architectures;
  return names.map((name) => configurationToRecipe(configuration, name));
}
