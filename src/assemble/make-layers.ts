// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import { mapBounded } from "../bytes/map-bounded.ts";
import { inOciTerms } from "../image/edit/image-document.ts";
import type { Image } from "../image/image.ts";
import type { Digest } from "../oci/digest.ts";
import { layerMediaType } from "../oci/media-types.ts";
import { transferBlob } from "../store/copy/transfer.ts";
import type { StoredLayer } from "../store/layer-output.ts";
import type { ReadableStore } from "../store/store.ts";
import { AnnotationKey } from "../oci/annotations.ts";
import { layerNote } from "./input-key.ts";
import type { ArrangedLayer } from "./layers/arrange-layer.ts";
import { layerKey } from "./layers/layer-key.ts";
import type { PreparedLayer } from "./layers/prepare-layers.ts";
import type { WholeLayers } from "./layers/whole-layers.ts";
import { writeLayers } from "./layers/write-layers.ts";
import { reusableLayers } from "./reusable-image.ts";
import type { AssembledLayer, AssembleOptions, MakeOptions } from "./assemble-options.ts";

/** A layer that the image will have, and where it comes from. */
export type WantedLayer = { readonly layer: ArrangedLayer } & (
  | { readonly kind: "new"; readonly key: Digest }
  /** The same layer from the earlier image: see {@link reusableLayers}. */
  | { readonly kind: "earlier"; readonly key: Digest; readonly stored: StoredLayer }
  | { readonly kind: "artifact"; readonly whole: WholeLayers }
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
    .map(({ arranged: layer, whole }) => {
      if (whole !== undefined) return { kind: "artifact", layer, whole };
      const key = layerKey(layer, `${compression} ${level ?? "default"}`);
      const stored = find(key);
      return stored?.descriptor.mediaType === layerMediaType(compression)
        ? { kind: "earlier", layer, key, stored }
        : { kind: "new", layer, key };
    });
}

/** Makes the layers that are not there yet, and takes those of artifacts as they stand. */
export async function makeLayers(
  wanted: readonly WantedLayer[],
  options: AssembleOptions,
): Promise<readonly AssembledLayer[]> {
  const { target, compression = "gzip", level, onProgress } = options;
  const taken = wanted.flatMap((each) => (each.kind === "artifact" ? layersOf(each.whole) : []));
  await takeLayers(taken, options);
  const fresh = wanted.filter(({ kind }) => kind === "new").map(({ layer }) => layer);
  const written = await writeLayers(fresh, target, { ...options, compression, level });
  return wanted.flatMap((each): AssembledLayer[] => {
    const { layer } = each;
    const { name, entries, bytes } = layer;
    if (each.kind === "artifact") {
      const artifact = each.whole.tree.name;
      onProgress?.({ kind: "reused", layer: name });
      return layersOf(each.whole).map(({ descriptor, diffId, counts }) => ({
        ...{ name, ...counts, descriptor, diffId, reused: true, artifact },
      }));
    }
    const stored = each.kind === "earlier" ? each.stored : written[fresh.indexOf(layer)]!;
    const { descriptor, diffId } = stored;
    const reused = each.kind === "earlier";
    onProgress?.(
      reused ? { kind: "reused", layer: name } : { kind: "written", layer: name, descriptor },
    );
    const annotations = { [AnnotationKey.layerKey]: layerNote(each.key, stored) };
    return [{ name, entries, bytes, descriptor: { ...descriptor, annotations }, diffId, reused }];
  });
}

/** A layer of an artifact, and where it stands. */
interface TakenLayer extends StoredLayer {
  readonly store: ReadableStore;
  readonly counts: Pick<AssembledLayer, "entries" | "bytes">;
}

function layersOf({ tree, layers }: WholeLayers): readonly TakenLayer[] {
  const { manifest, config } = tree.image!.image;
  return layers.map(({ number, entries, bytes }) => ({
    store: tree.origin!,
    counts: { entries, bytes },
    descriptor: inOciTerms(manifest.value.layers[number]!),
    diffId: config.value.rootfs.diff_ids[number]!,
  }));
}

const AT_ONCE = 4;

/** Brings layers to the target as they are: those that it has, or its registry can mount, are not sent. */
async function takeLayers(
  layers: readonly TakenLayer[],
  { target, signal }: AssembleOptions,
): Promise<void> {
  const each = new Map(layers.map((layer) => [layer.descriptor.digest, layer]));
  await mapBounded(
    [...each.values()],
    AT_ONCE,
    ({ store, descriptor }, stop) =>
      transferBlob(
        { source: store, target, dryRun: false, onProgress: undefined },
        descriptor,
        stop,
      ),
    { signal },
  );
}
