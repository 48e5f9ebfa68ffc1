// SPDX-License-Identifier: MIT
import { type Image, readImage } from "../image/image.ts";
import { OciError } from "../oci/errors.ts";
import { formatPlatform } from "../oci/platform.ts";
import type { Inputs } from "./inputs/find-inputs.ts";
import { findContradictions } from "./recipe/environment.ts";
import { takeLayer } from "./take-layer.ts";
import type { Recipe } from "./recipe/recipe.ts";
import type { AssembleOptions, AssembleWarning, InputOptions } from "./assemble-options.ts";

/** Opens the base image. Undefined for `scratch`. @throws OciError `wrong-architecture` */
export async function openBase(
  recipe: Recipe,
  inputs: Inputs,
  options: InputOptions,
): Promise<Image | undefined> {
  if (inputs.base === undefined) return undefined;
  const { opened, descriptor, record } = inputs.base;
  const base = await readImage(opened.store, descriptor, options);
  const { architecture, os } = base.config.value;
  const { platform } = recipe;
  if (architecture === platform.architecture && os === platform.os) return base;
  throw new OciError(
    "wrong-architecture",
    `base ${record.reference}: expected an image for ${formatPlatform(platform)}, got ${formatPlatform(base.config.value)}`,
    { details: { expected: platform, got: { architecture, os } } },
  );
}

/**
 * Copies the layers of the base into the target, byte for byte, so that the image can be read from there. What the
 * target's registry holds in another repository is mounted, and not sent.
 */
export async function storeBase(
  base: Image | undefined,
  options: AssembleOptions,
): Promise<Image | undefined> {
  if (base === undefined) return undefined;
  const { target } = options;
  for (const layer of base.manifest.value.layers) {
    await takeLayer(layer, base.store, target, options);
  }
  return { ...base, store: target };
}

/**
 * Warns where the base's environment and the recipe give the same variable different values: the base may
 * be an older one.
 */
export function warnOfContradictions(
  recipe: Recipe,
  base: Image | undefined,
  warn: (warning: AssembleWarning) => void,
): void {
  const inherited = base?.config.value.config?.Env ?? [];
  const found = findContradictions(inherited, recipe.config?.env ?? {}, recipe.variables ?? {});
  for (const { name, base: old, variable, isSet } of found) {
    const outcome = isSet
      ? "the recipe's counts"
      : `the image keeps the base's, because config.env does not set ${name}`;
    const message = `variable ${name} is ${JSON.stringify(variable)}, and the base's environment has ${JSON.stringify(old)}: ${outcome}`;
    warn({ kind: "contradicted-variable", where: name, message });
  }
}
