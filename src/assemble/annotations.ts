// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { Input, Inputs } from "./inputs/inputs.ts";
import { PROVENANCE_KEYS, type Recipe } from "./recipe/recipe.ts";

/** The annotations that we write and read again. */
export const ANNOTATIONS = Object.freeze({
  /** Of a manifest: what it was made from, see `inputKey`. */
  inputKey: "org.kataglyphis.assemble.key",
  /** Of a layer's descriptor in a manifest: what it was made from, see `layerKey`. */
  layerKey: "org.kataglyphis.assemble.layer",
  /** Of a manifest, with an artifact's name behind it: the artifact's digest. */
  input: "org.kataglyphis.assemble.input.",
  // image-spec, annotations.md
  baseDigest: "org.opencontainers.image.base.digest",
  baseName: "org.opencontainers.image.base.name",
});

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
    annotations[ANNOTATIONS.baseDigest] = base.record.digest;
    if (base.published) annotations[ANNOTATIONS.baseName] = base.published.reference;
  }
  for (const { record } of artifacts) annotations[ANNOTATIONS.input + record.name] = record.digest;
  const {
    parentDigest = PROVENANCE_KEYS.parentDigest,
    parentStage = PROVENANCE_KEYS.parentStage,
    runId: runIdKey = PROVENANCE_KEYS.runId,
  } = recipe.provenance?.keys ?? {};
  const parent = parentOf(recipe, artifacts);
  if (parent !== undefined) {
    annotations[parentDigest] = digestReference(parent);
    annotations[parentStage] = recipe.provenance?.parentStage ?? parent.record.name;
  }
  annotations[runIdKey] = runId;
  annotations[ANNOTATIONS.inputKey] = key;
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
