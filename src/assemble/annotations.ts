// SPDX-License-Identifier: MIT
import { AnnotationKey } from "../oci/annotations.ts";
import { OciError } from "../oci/errors.ts";
import type { Input, Inputs } from "./inputs/find-inputs.ts";
import type { Recipe } from "./recipe/recipe.ts";
import type { AssembleWarning } from "./assemble-options.ts";

/**
 * The annotations of the new manifest: the recipe's own, the digests of the base and of every artifact, the
 * parent image and the run id, and the warnings of the layers. None contains a path of this machine.
 * @param created when each input image says that it was made, by name; a push is judged by it
 * @throws OciError `invalid-recipe`
 */
export function makeAnnotations(
  recipe: Recipe,
  inputs: Inputs,
  runId: string,
  warnings: readonly AssembleWarning[],
  created: ReadonlyMap<string, string>,
): Record<string, string> {
  const { base, artifacts } = inputs;
  const annotations: Record<string, string> = { ...recipe.annotations };
  if (base !== undefined) {
    annotations[AnnotationKey.baseDigest] = base.record.digest;
    if (base.published) annotations[AnnotationKey.baseName] = base.published.reference;
  }
  for (const { record } of artifacts)
    annotations[AnnotationKey.input + record.name] = record.digest;
  for (const [name, time] of created) annotations[AnnotationKey.inputCreated + name] = time;
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
  if (warnings.length > 0) annotations[AnnotationKey.warnings] = JSON.stringify(warnings);
  return annotations;
}

/** Reads the warnings from an image's annotations. Text that {@link makeAnnotations} did not write yields none. */
export function warningsIn(
  annotations: Readonly<Record<string, string>> | undefined,
): readonly AssembleWarning[] {
  try {
    const value: unknown = JSON.parse(annotations?.[AnnotationKey.warnings] ?? "[]");
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

/** `registry/repository@digest` for a published image; otherwise only the digest, because the location is private. */
function digestReference(input: Input): string {
  const { digest } = input.record;
  const published = input.kind === "image" ? input.published : undefined;
  return published === undefined ? digest : `${published.repository}@${digest}`;
}
