// SPDX-License-Identifier: MIT
import { sourceOf } from "../bytes/bytes.ts";
import { checkSeconds, formatCreated } from "../image/edit/history.ts";
import { makeConfig, makeManifest, type ManifestParts } from "../image/edit/image-document.ts";
import type { Image } from "../image/image.ts";
import { AnnotationKey } from "../oci/annotations.ts";
import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Document } from "../oci/documents/document.ts";
import type { Manifest } from "../oci/documents/manifest.ts";
import { refuseOutputInside } from "../store/own-output.ts";
import { pushTagged } from "../store/push-tagged.ts";
import { makeAnnotations, warningsIn } from "./annotations.ts";
import { openBase, storeBase, warnOfContradictions } from "./base-image.ts";
import { type LayerHistory, makeImageConfig } from "./image-config.ts";
import { deriveRunId, imageNote, inputKey } from "./input-key.ts";
import { type Inputs, findInputs, warningsOf } from "./inputs/find-inputs.ts";
import {
  listPaths,
  type PreparedLayer,
  type PreparedLayers,
  prepareLayers,
} from "./layers/prepare-layers.ts";
import type { ArrangedLayer } from "./layers/arrange-layer.ts";
import { measuringStore } from "../layering/write/measuring-store.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { findWanted, makeLayers, type MakeLayersOptions } from "./make-layers.ts";
import { isAfter, previousOf, recordPrevious } from "./previous-image.ts";
import { checkRecipe } from "./check-recipe.ts";
import { takeLayer } from "./take-layer.ts";
import type { Recipe } from "./recipe/recipe.ts";
import { findReplaced, removeReplaced } from "./replaced-image.ts";
import type {
  AssembledLayer,
  AssembleOptions,
  AssemblePlan,
  AssembleResult,
  AssembleWarning,
  InputRecord,
  MakeOptions,
  PlannedLayerSummary,
  PlanOptions,
} from "./assemble-options.ts";
import { isComplete, readReusable } from "./reusable-image.ts";

/**
 * Makes the image that a recipe describes and stores it in the target, layer by layer, straight from the
 * inputs: it needs no temporary tree and no root. The same recipe and inputs give the same diffIDs on any
 * machine. Atomic: the tag names the old image until the new one is complete. If nothing changed since the
 * last run, nothing is written, but the warnings are given again.
 * @throws OciError `invalid-recipe`, `missing-input`, `wrong-architecture`; `invalid-argument` for an
 * invalid `sourceDateEpoch` or for a target inside a directory that is copied from; and what the stores
 * throw
 */
export async function assemble(recipe: Recipe, options: AssembleOptions): Promise<AssembleResult> {
  const inputs = await openInputs(recipe, options);
  try {
    return await assembleFrom(recipe, inputs, options);
  } finally {
    await inputs.close();
  }
}

/**
 * What {@link assemble} would do and what each layer would hold, worked out from the inputs' file trees
 * alone. Nothing is written.
 */
export async function planAssembly(
  recipe: Recipe,
  options: PlanOptions = {},
): Promise<AssemblePlan> {
  const inputs = await openInputs(recipe, options);
  try {
    const warnings = warningsOf(inputs);
    const warn = (warning: AssembleWarning): void => void warnings.push(warning);
    const { target } = options;
    const tag = options.tag ?? "latest";
    const replaced = target && (await findReplaced(target, tag, options));
    const reusable = target && (await readReusable(target, replaced?.descriptor, options));
    const common = { platform: recipe.platform, inputs: recordsOf(inputs), warnings };
    if (reusable !== undefined) {
      const { isCurrent } = await compare(recipe, inputs, reusable, options, warn);
      if (isCurrent) return { ...common, changed: false, layers: [] };
    }
    const base = await openBase(recipe, inputs, options);
    warnOfContradictions(recipe, base, warn);
    const splitAfter = previousOf(reusable, options);
    const preparing = { ...options, splitAfter };
    const { layers, trusted } = await prepareLayers(recipe, base, inputs, preparing, warn);
    trusted.forEach(warn);
    const wanted = await findWanted(layers, reusable, options);
    const place = measuringStore({ ...createMemoryStore(), ...target });
    const making = { ...options, target: place, dryRun: true };
    const made = await makeLayers(wanted, making);
    return {
      ...{ ...common, changed: true },
      layers: layers.flatMap(({ arranged }) => summarise(arranged, made)),
      base: await planBase(base, making),
    };
  } finally {
    await inputs.close();
  }
}

/** The layers that a layer of the recipe is. What it holds is listed where it is made, as one layer. */
function summarise(
  arranged: ArrangedLayer,
  made: readonly AssembledLayer[],
): readonly PlannedLayerSummary[] {
  const { name, entries, bytes } = arranged;
  const own = made.filter((layer) => layer.name === name);
  if (own.length === 0) return [{ name, entries, bytes, reused: false, paths: [] }];
  return own.map((layer) => ({
    ...layer,
    paths: layer.group === undefined && own.length === 1 ? listPaths(arranged) : [],
  }));
}

async function planBase(
  base: Image | undefined,
  { target, signal }: MakeLayersOptions,
): Promise<NonNullable<AssemblePlan["base"]>> {
  const planned: NonNullable<AssemblePlan["base"]>[number][] = [];
  for (const descriptor of base?.manifest.value.layers ?? []) {
    const action = await takeLayer(descriptor, base!.store, target, { dryRun: true, signal });
    planned.push({ descriptor, action });
  }
  return planned;
}

async function openInputs(recipe: Recipe, options: PlanOptions): Promise<Inputs> {
  checkRecipe(recipe, options);
  const { sourceDateEpoch, target } = options;
  if (sourceDateEpoch !== undefined) checkSeconds("sourceDateEpoch", sourceDateEpoch);
  for (const [name, artifact] of Object.entries(recipe.artifacts)) {
    if (!("directory" in artifact) || target === undefined) continue;
    refuseOutputInside(artifact.directory, target, `artifact ${name}`);
  }
  return findInputs(recipe, options);
}

/** Tells whether the existing image is the one that would be made. If it is, its warnings are given again. */
async function compare(
  recipe: Recipe,
  inputs: Inputs,
  present: Image | undefined,
  options: MakeOptions,
  warn: (warning: AssembleWarning) => void,
): Promise<{ readonly runId: string; readonly key: Digest; readonly isCurrent: boolean }> {
  const runId = options.runId ?? (await deriveRunId(recipe, inputs, options, warn));
  const key = inputKey(recipe, inputs, runId, options);
  const isCurrent =
    present !== undefined &&
    options.force !== true &&
    isAfter(present, options.previous) &&
    (await isComplete(present, key, options));
  if (isCurrent) warningsIn(present.manifest.value.annotations).forEach(warn);
  return { runId, key, isCurrent };
}

async function assembleFrom(
  recipe: Recipe,
  inputs: Inputs,
  options: AssembleOptions,
): Promise<AssembleResult> {
  const { target, tag = "latest" } = options;
  const warnings = warningsOf(inputs);
  const warn = (warning: AssembleWarning): void => void warnings.push(warning);
  const replaced = await findReplaced(target, tag, options);
  const reusable = await readReusable(target, replaced?.descriptor, options);
  const { runId, key, isCurrent } = await compare(recipe, inputs, reusable, options, warn);
  const common = { platform: recipe.platform, runId, inputs: recordsOf(inputs), warnings };
  if (isCurrent) {
    return { ...common, changed: false, descriptor: reusable!.descriptor, layers: [] };
  }
  const made: AssembleWarning[] = [];
  const base = await storeBase(await openBase(recipe, inputs, options), options);
  warnOfContradictions(recipe, base, (warning) => void made.push(warning));
  const splitAfter = previousOf(reusable, options);
  const preparing = { ...options, splitAfter };
  const prepared = await prepareLayers(
    recipe,
    base,
    inputs,
    preparing,
    (one) => void made.push(one),
  );
  warnings.push(...made, ...prepared.trusted);
  const wanted = await findWanted(prepared.layers, reusable, options);
  const layers = await makeLayers(wanted, options);
  const config = makeConfig(
    makeImageConfig(
      recipe,
      base?.config.value,
      historyOf(prepared.layers, layers),
      createdAt(prepared, base, options.sourceDateEpoch),
    ),
  );
  const manifest = notedManifest(key, {
    config: config.descriptor,
    layers: [...(base?.manifest.value.layers ?? []), ...layers.map(({ descriptor }) => descriptor)],
    annotations: {
      ...makeAnnotations(recipe, inputs, runId, made, createdOf(prepared, base)),
      ...recordPrevious(layers, prepared, splitAfter),
    },
  });
  await target.push(config.descriptor, sourceOf(config.bytes), options);
  const descriptor: Descriptor = { ...manifest.descriptor, platform: recipe.platform };
  await pushTagged(target, { descriptor, bytes: manifest.bytes }, tag, { signal: options.signal });
  await removeReplaced(target, replaced, options);
  return { ...common, changed: true, descriptor, layers };
}

function notedManifest(key: Digest, parts: ManifestParts): Document<Manifest> {
  const note = imageNote(key, makeManifest(parts).value);
  return makeManifest({
    ...parts,
    annotations: { ...parts.annotations, [AnnotationKey.inputKey]: note },
  });
}

function recordsOf(inputs: Inputs): InputRecord[] {
  return [...(inputs.base ? [inputs.base] : []), ...inputs.artifacts].map(({ record }) => record);
}

function historyOf(
  arranged: readonly PreparedLayer[],
  layers: readonly AssembledLayer[],
): readonly LayerHistory[] {
  return arranged.flatMap(({ arranged: { name } }): LayerHistory[] => {
    const made = layers.filter((layer) => layer.name === name);
    return made.length === 0 ? [{ name, diffId: undefined }] : made;
  });
}

/** `sourceDateEpoch` if given, otherwise the creation time of the newest input image, otherwise 1970. */
function createdAt(
  prepared: PreparedLayers,
  base: Image | undefined,
  sourceDateEpoch: number | undefined,
): string {
  if (sourceDateEpoch !== undefined) return formatCreated(sourceDateEpoch);
  const images = [base, ...prepared.trees.map(({ image }) => image?.image)];
  const times = images.flatMap((image) => image?.config.value.created ?? []);
  const known = times.filter((time) => !Number.isNaN(Date.parse(time)));
  known.sort((a, b) => Date.parse(a) - Date.parse(b) || (a < b ? -1 : 1));
  return known.at(-1) ?? formatCreated(0);
}

/** When each input image was made, by its name, where its configuration tells. */
function createdOf({ trees }: PreparedLayers, base: Image | undefined): Map<string, string> {
  const images = [["base", base] as const, ...trees.map((t) => [t.name, t.image?.image] as const)];
  return new Map(
    images.flatMap(([name, image]) => {
      const created = image?.config.value.created;
      return created === undefined ? [] : [[name, created] as const];
    }),
  );
}
