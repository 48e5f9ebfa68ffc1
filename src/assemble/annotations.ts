// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";
import { INPUT_KEY, WARNINGS } from "../image/edit/assembled.ts";
import type { Input, Inputs } from "./inputs/inputs.ts";
import { PROVENANCE_KEYS, type Recipe } from "./recipe/recipe.ts";
import type { AssembleWarning } from "./result.ts";

/** The annotations that we write and read again. */
export const ANNOTATIONS = Object.freeze({
  /** Of a manifest: what it was made from and became, see `imageNote`. Every edit of the image drops it. */
  inputKey: INPUT_KEY,
  /** Of a manifest: what was warned of when its layers were made, for runs that find nothing to do. */
  warnings: WARNINGS,
  /** Of a layer's descriptor in a manifest: what it was made from and became, see `layerNote`. */
  layerKey: "org.kataglyphis.assemble.layer",
  /** Of a manifest, with an artifact's name behind it: the artifact's digest. */
  input: "org.kataglyphis.assemble.input.",
  // image-spec, annotations.md
  baseDigest: "org.opencontainers.image.base.digest",
  baseName: "org.opencontainers.image.base.name",
});

/**
 * The annotations of the new manifest: the recipe's, the base's and every artifact's digest, the
 * provenance of the family, and the warnings of its layers. None holds a path of this machine.
 * @throws OciError `invalid-recipe`
 */
export function makeAnnotations(
  recipe: Recipe,
  inputs: Inputs,
  runId: string,
  warnings: readonly AssembleWarning[],
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
  if (warnings.length > 0) annotations[ANNOTATIONS.warnings] = JSON.stringify(warnings);
  return annotations;
}

/** The warnings that an image carries; none from a text that {@link makeAnnotations} did not write. */
export function warningsIn(
  annotations: Readonly<Record<string, string>> | undefined,
): readonly AssembleWarning[] {
  try {
    const value: unknown = JSON.parse(annotations?.[ANNOTATIONS.warnings] ?? "[]");
    return Array.isArray(value) ? value.filter(isWarning) : [];
  } catch {
    return [];
  }
}

function isWarning(value: unknown): value is AssembleWarning {
  if (typeof value !== "object" || value === null) return false;
  const { kind, where, message } = value as Readonly<Record<string, unknown>>;
  return [kind, where, message].every((text) => typeof text === "string");
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
