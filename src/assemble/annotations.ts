// SPDX-License-Identifier: MIT
import { AnnotationKey } from "../oci/annotations.ts";
import { OciError } from "../oci/errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { Input, Inputs } from "./inputs/inputs.ts";
import type { Recipe } from "./recipe/recipe.ts";

/**
 * The annotations of the new manifest: the recipe's, the base's and every artifact's digest, the
 * provenance of the family, and the key by which a second run finds that there is nothing to do.
 * None holds a path of this machine.
 * @throws OciError `invalid-recipe`
 */
export function makeAnnotations(
  recipe: Recipe,
  inputs: Inputs,
  runId: string,
  key: Digest,
): Record<string, string> {
  const { base, artifacts } = inputs;
  const annotations: Record<string, string> = { ...recipe.annotations };
  if (base !== undefined) {
    annotations[AnnotationKey.baseDigest] = base.record.digest;
    if (base.published) annotations[AnnotationKey.baseName] = base.published.reference;
  }
  for (const { record } of artifacts)
    annotations[AnnotationKey.input + record.name] = record.digest;
  const {
    parentDigest = AnnotationKey.parentDigest,
    parentStage = AnnotationKey.parentStage,
    runId: runIdKey = AnnotationKey.runId,
  } = recipe.provenance?.keys ?? {};
  const parent = parentOf(recipe, artifacts);
  if (parent !== undefined) {
    annotations[parentDigest] = digestReference(parent);
    annotations[parentStage] = recipe.provenance?.parentStage ?? parent.record.name;
  }
  annotations[runIdKey] = runId;
  annotations[AnnotationKey.inputKey] = key;
  return annotations;
}

function parentOf(recipe: Recipe, artifacts: readonly Input[]): Input | undefined {
  const name = recipe.provenance?.parent;
  if (name === undefined) return artifacts.length === 1 ? artifacts[0] : undefined;
  const parent = artifacts.find(({ record }) => record.name === name);
  if (parent !== undefined) return parent;
  throw new OciError(
    "invalid-recipe",
    `provenance.parent: expected the name of an artifact, got ${JSON.stringify(name)}`,
  );
}

/** `registry/repository@digest` for what is published; of anything else only the digest may be told. */
function digestReference(input: Input): string {
  const { digest } = input.record;
  const published = input.kind === "image" ? input.published : undefined;
  return published === undefined ? digest : `${published.repository}@${digest}`;
}
