// SPDX-License-Identifier: MIT
import { sourceOf } from "../bytes/bytes.ts";
import { formatCreated } from "../image/edit/history.ts";
import { type Image, readImage } from "../image/image.ts";
import { makeConfig, makeManifest } from "../image/edit/image-document.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Document } from "../oci/documents/document.ts";
import { OciError } from "../oci/errors.ts";
import { formatPlatform } from "../oci/platform.ts";
import { storedContent } from "../store/read-content.ts";
import type { ContentStore } from "../store/store.ts";
import { ANNOTATIONS, makeAnnotations } from "./annotations.ts";
import type { ArrangedLayer } from "./layers/arrange-layer.ts";
import { makeImageConfig } from "./image-config.ts";
import { deriveRunId, inputKey } from "./input-key.ts";
import { type Inputs, findInputs, warningsOf } from "./inputs/inputs.ts";
import { layerKey } from "./layers/layer-key.ts";
import { type PreparedLayers, prepareLayers, summarise } from "./layers/prepare-layers.ts";
import type { Recipe } from "./recipe/recipe.ts";
import { findReplaced, removeReplaced } from "./replaced-image.ts";
import type {
  AssembleOptions,
  AssemblePlan,
  AssembleResult,
  AssembleWarning,
  AssembledLayer,
  InputOptions,
  InputRecord,
} from "./result.ts";
import { isComplete, readReusable, reusableLayers } from "./reusable-image.ts";
import { writeLayers } from "./layers/write-layers.ts";

/**
 * Makes the image of a recipe in the target, layer by layer, straight from its inputs: no temporary tree, no root.
 * The same recipe and inputs give the same diffIDs on any machine. Atomic: the tag names the old image
 * until the new one is complete. When nothing changed since the last run, nothing is done.
 * @throws OciError `invalid-recipe`, `missing-input`, `wrong-architecture`, and what the stores throw
 */
export async function assemble(recipe: Recipe, options: AssembleOptions): Promise<AssembleResult> {
  checkRecipe(recipe);
  const inputs = await findInputs(recipe, options);
  try {
    return await assembleFrom(recipe, inputs, options);
  } finally {
    await inputs.close();
  }
}

/** What {@link assemble} would put into each layer, from the inputs' trees alone: nothing is written. */
export async function planAssembly(
  recipe: Recipe,
  options: InputOptions = {},
): Promise<AssemblePlan> {
  checkRecipe(recipe);
  const inputs = await findInputs(recipe, options);
  try {
    const warnings = warningsOf(inputs);
    const base = await openBase(recipe, inputs, options);
    const warn = (warning: AssembleWarning): void => void warnings.push(warning);
    const { layers } = await prepareLayers(recipe, base, inputs, options, warn);
    return {
      platform: recipe.platform,
      inputs: recordsOf(inputs),
      layers: layers.map(summarise),
      warnings,
    };
  } finally {
    await inputs.close();
  }
}

async function assembleFrom(
  recipe: Recipe,
  inputs: Inputs,
  options: AssembleOptions,
): Promise<AssembleResult> {
  const { target, tag = "latest" } = options;
  const warnings = warningsOf(inputs);
  const warn = (warning: AssembleWarning): void => void warnings.push(warning);
  const runId = options.runId ?? (await deriveRunId(recipe, inputs, options, warn));
  const key = inputKey(recipe, inputs, runId, options);
  const replaced = await findReplaced(target, tag, options);
  const reusable = await readReusable(target, replaced?.descriptor, options);
  const common = { platform: recipe.platform, runId, inputs: recordsOf(inputs), warnings };
  if (reusable !== undefined && (await isComplete(reusable, key, options))) {
    return { ...common, changed: false, descriptor: reusable.descriptor, layers: [] };
  }
  const base = await storeBase(await openBase(recipe, inputs, options), options);
  const prepared = await prepareLayers(recipe, base, inputs, options, warn);
  const layers = await makeLayers(prepared.layers, reusable, options);
  const config = makeConfig(
    makeImageConfig(
      recipe,
      base?.config.value,
      historyOf(prepared.layers, layers),
      createdAt(prepared, base, options.sourceDateEpoch),
    ),
  );
  const manifest = makeManifest({
    config: config.descriptor,
    layers: [...(base?.manifest.value.layers ?? []), ...layers.map(({ descriptor }) => descriptor)],
    annotations: makeAnnotations(recipe, inputs, runId, key),
  });
  await store(target, config, options);
  await store(target, manifest, options);
  const descriptor: Descriptor = { ...manifest.descriptor, platform: recipe.platform };
  await target.tag(descriptor, tag, options);
  await removeReplaced(target, replaced, options);
  return { ...common, changed: true, descriptor, layers };
}

function checkRecipe(recipe: Recipe): void {
  if (!Object.hasOwn(recipe.artifacts, "base")) return;
  throw new OciError("invalid-recipe", 'artifacts: expected another name than "base"', {
    hint: "The image below is called base.",
  });
}

function recordsOf(inputs: Inputs): InputRecord[] {
  return [...(inputs.base ? [inputs.base] : []), ...inputs.artifacts].map(({ record }) => record);
}

async function openBase(
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

/** Puts the layers of the base into the target, byte for byte, and lets the image be read from there. */
async function storeBase(
  base: Image | undefined,
  options: AssembleOptions,
): Promise<Image | undefined> {
  if (base === undefined) return undefined;
  const { target } = options;
  for (const layer of base.manifest.value.layers) {
    if (await target.exists(layer, options)) continue;
    await target.push(layer, storedContent(base.store, layer), options);
  }
  return { ...base, store: target };
}

/** Makes the layers that can't be taken over; one that comes out empty is left out. */
async function makeLayers(
  arranged: readonly ArrangedLayer[],
  from: Image | undefined,
  options: AssembleOptions,
): Promise<readonly AssembledLayer[]> {
  const { target, compression = "gzip", level, onProgress } = options;
  const reusable = await reusableLayers(from, options);
  const layers = arranged
    .filter(({ entries }) => entries > 0)
    .map((layer) => ({ layer, key: layerKey(layer, `${compression} ${level ?? "default"}`) }));
  const fresh = layers.filter(({ key }) => !reusable.has(key)).map(({ layer }) => layer);
  const written = await writeLayers(fresh, target, { ...options, compression, level });
  return layers.map(({ layer, key }) => {
    const { name, entries, bytes } = layer;
    const reused = reusable.get(key);
    const { descriptor, diffId } = reused ?? written[fresh.indexOf(layer)]!;
    onProgress?.(
      reused ? { kind: "reused", layer: name } : { kind: "written", layer: name, descriptor },
    );
    const annotated = { ...descriptor, annotations: { [ANNOTATIONS.layerKey]: key } };
    return { name, entries, bytes, descriptor: annotated, diffId, reused: reused !== undefined };
  });
}

function historyOf(
  arranged: readonly ArrangedLayer[],
  layers: readonly AssembledLayer[],
): Parameters<typeof makeImageConfig>[2] {
  const diffIds = new Map(layers.map(({ name, diffId }) => [name, diffId]));
  return arranged.map(({ name }) => ({ name, diffId: diffIds.get(name) }));
}

/** `sourceDateEpoch`, else the newest of the images it is made from, else 1970. */
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

async function store(
  target: ContentStore,
  document: Document<unknown>,
  options: AssembleOptions,
): Promise<void> {
  await target.push(document.descriptor, sourceOf(document.bytes), options);
}
