// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import { chooseFor } from "../bytes/level/compression-choice.ts";
import { mapBounded } from "../bytes/map-bounded.ts";
import { inOciTerms } from "../image/edit/image-document.ts";
import type { Image } from "../image/image.ts";
import type { Digest } from "../oci/digest.ts";
import { layerMediaType } from "../oci/media-types.ts";
import type { StoredLayer } from "../store/layer-output.ts";
import { AnnotationKey } from "../oci/annotations.ts";
import { layerNote, wordOfLevel } from "./input-key.ts";
import type { ArrangedLayer } from "./layers/arrange-layer.ts";
import { layerKey } from "./layers/layer-key.ts";
import type { PreparedLayer } from "./layers/prepare-layers.ts";
import type { WholeLayers } from "./layers/whole-layers.ts";
import { writeLayers } from "./layers/write-layers.ts";
import { keptBy, writeSplit } from "./split/make-split.ts";
import type { SplitLayers } from "./split/plan-split.ts";
import { takeLayer, type TakenLayer } from "./take-layer.ts";
import { reusableLayers } from "./reusable-image.ts";
import type {
  AssembledLayer,
  AssembleOptions,
  LayerAction,
  MakeOptions,
} from "./assemble-options.ts";

/** A layer that the recipe describes, and where it comes from. */
export type WantedLayer = { readonly layer: ArrangedLayer } & (
  | { readonly kind: "new"; readonly key: Digest }
  /** The same layer from the earlier image: see {@link reusableLayers}. */
  | { readonly kind: "earlier"; readonly key: Digest; readonly stored: StoredLayer }
  | { readonly kind: "artifact"; readonly whole: WholeLayers }
  | { readonly kind: "split"; readonly split: SplitLayers }
);

/**
 * The layers that are not empty, each with where it comes from: an artifact that has it, the image `from`, or else
 * nowhere yet. With `force`, nothing of that image is reused.
 */
export async function findWanted(
  prepared: readonly PreparedLayer[],
  from: Image | undefined,
  options: MakeOptions & AbortOptions,
): Promise<readonly WantedLayer[]> {
  const { compression = "gzip", level, force } = options;
  const find = await reusableLayers(force === true ? undefined : from, options);
  return prepared
    .filter(({ arranged }) => arranged.entries > 0)
    .map(({ arranged: layer, whole, split }) => {
      if (split !== undefined) return { kind: "split", layer, split };
      if (whole !== undefined) return { kind: "artifact", layer, whole };
      const key = layerKey(layer, `${compression} ${wordOfLevel(level) ?? "default"}`);
      const stored = find(key);
      return stored?.descriptor.mediaType === layerMediaType(compression)
        ? { kind: "earlier", layer, key, stored }
        : { kind: "new", layer, key };
    });
}

/** Makes the layers that are not there yet, and takes those of artifacts and of the previous image as they stand. */
export async function makeLayers(
  wanted: readonly WantedLayer[],
  options: MakeLayersOptions,
): Promise<readonly AssembledLayer[]> {
  const { onProgress } = options;
  const actions = await takeLayers(wanted.flatMap(takenFor), options);
  const fresh = wanted.filter(({ kind }) => kind === "new").map(({ layer }) => layer);
  const written = await writeFresh(fresh, options);
  const made: AssembledLayer[] = [];
  for (const each of wanted) {
    const { layer } = each;
    const { name, entries, bytes } = layer;
    if (each.kind === "artifact" || each.kind === "split") {
      for (const { taken } of takenFor(each)) {
        const action = actions.get(taken.descriptor.digest)!;
        made.push({ name, ...taken, action, reused: true });
      }
      if (each.kind === "split") made.push(...(await writeSplit(name, each.split, options)));
      else onProgress?.({ kind: "reused", layer: name });
      continue;
    }
    const reused = each.kind === "earlier";
    const stored = reused ? each.stored : written[fresh.indexOf(layer)]!;
    const { descriptor, diffId } = stored;
    onProgress?.(
      reused ? { kind: "reused", layer: name } : { kind: "written", layer: name, descriptor },
    );
    const annotations = { [AnnotationKey.layerKey]: layerNote(each.key, stored) };
    const noted = { ...descriptor, annotations };
    const action = reused ? "kept" : "new";
    made.push({ name, entries, bytes, descriptor: noted, diffId, action, reused });
  }
  return made;
}

async function writeFresh(
  layers: readonly ArrangedLayer[],
  options: MakeLayersOptions,
): Promise<readonly StoredLayer[]> {
  if (layers.length === 0) return [];
  const { target, compression = "gzip", level } = options;
  const choice = await chooseFor({ compression, level });
  return writeLayers(layers, target, { ...options, ...choice });
}

export interface MakeLayersOptions extends AssembleOptions {
  /** Layers are made only to measure them, by the target, and none are transferred. */
  readonly dryRun?: boolean | undefined;
}

function takenFor(wanted: WantedLayer): readonly TakenLayer[] {
  if (wanted.kind === "artifact") return layersOf(wanted.whole);
  return wanted.kind === "split" ? keptBy(wanted.layer.name, wanted.split) : [];
}

function layersOf({ tree, layers }: WholeLayers): readonly TakenLayer[] {
  const { manifest, config } = tree.image!.image;
  return layers.map(({ number, entries, bytes }) => ({
    store: tree.origin!,
    taken: {
      ...{ entries, bytes, artifact: tree.name },
      descriptor: inOciTerms(manifest.value.layers[number]!),
      diffId: config.value.rootfs.diff_ids[number]!,
    },
  }));
}

const AT_ONCE = 4;

/** Brings layers to the target as they are: those that it has, or its registry can mount, are not sent. */
async function takeLayers(
  layers: readonly TakenLayer[],
  { target, signal, dryRun = false }: MakeLayersOptions,
): Promise<ReadonlyMap<Digest, LayerAction>> {
  const each = new Map(layers.map((layer) => [layer.taken.descriptor.digest, layer]));
  const take = async (layer: TakenLayer, stop: AbortSignal): Promise<[Digest, LayerAction]> => {
    const {
      store,
      taken: { descriptor },
    } = layer;
    const action = await takeLayer(descriptor, store, target, { dryRun, signal: stop });
    return [descriptor.digest, action];
  };
  return new Map(await mapBounded([...each.values()], AT_ONCE, take, { signal }));
}
