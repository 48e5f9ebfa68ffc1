// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../../bytes/abort.ts";
import type { Digest } from "../../oci/digest.ts";
import { isOciError } from "../../oci/errors.ts";
import type { InputOptions } from "../assemble-options.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { digestsOf, findInputs } from "./find-inputs.ts";

/** What an input of a recipe is now. Only `absent` means that there is none. */
export type CurrentInput = {
  /** `base`, or the artifact's name. */
  readonly name: string;
  /** The reference in the recipe. */
  readonly reference: string;
} & (
  | { readonly state: "present"; readonly digest: Digest }
  | { readonly state: "absent" }
  | { readonly state: "unreadable"; readonly error: unknown }
);

/**
 * Finds what each input of a recipe is now, every one by itself. No layer is read; a plain directory is read whole
 * where the cache does not know it. Throws only when it is aborted.
 */
export async function readCurrentInputs(
  recipe: Recipe,
  options: InputOptions = {},
): Promise<readonly CurrentInput[]> {
  const { base, artifacts } = recipe;
  const found: CurrentInput[] = [];
  if (base !== "scratch") {
    found.push(await read("base", base.reference, { ...recipe, artifacts: {} }, options));
  }
  for (const [name, artifact] of Object.entries(artifacts)) {
    const reference = "directory" in artifact ? artifact.directory : artifact.reference;
    const alone = { ...recipe, base: "scratch", artifacts: { [name]: artifact } } as const;
    found.push(await read(name, reference, alone, options));
  }
  return found;
}

async function read(
  name: string,
  reference: string,
  recipe: Recipe,
  options: InputOptions,
): Promise<CurrentInput> {
  try {
    const inputs = await findInputs(recipe, { ...options, onProgress: undefined });
    await inputs.close();
    return { name, reference, state: "present", digest: digestsOf(inputs)[name]! };
  } catch (error) {
    throwIfAborted(options.signal, reference);
    const isAbsent = isOciError(error, "missing-input", "not-found");
    return {
      name,
      reference,
      ...(isAbsent ? { state: "absent" } : { state: "unreadable", error }),
    };
  }
}
