// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import type { Image } from "../image/image.ts";
import type { Digest } from "../oci/digest.ts";
import { layerMediaType } from "../oci/media-types.ts";
import type { StoredLayer } from "../store/layer-output.ts";
import { AnnotationKey } from "../oci/annotations.ts";
import { layerNote } from "./input-key.ts";
import type { ArrangedLayer } from "./layers/arrange-layer.ts";
import { layerKey } from "./layers/layer-key.ts";
import { writeLayers } from "./layers/write-layers.ts";
import { reusableLayers } from "./reusable-image.ts";
import type { AssembledLayer, AssembleOptions, MakeOptions } from "./assemble-options.ts";

/** A layer that the image will have. */
export interface WantedLayer {
  readonly layer: ArrangedLayer;
  readonly key: Digest;
  /** The same layer from the earlier image, if it has it: see {@link reusableLayers}. */
  readonly reused: StoredLayer | undefined;
}

/**
 * The layers that are not empty, each with its counterpart in the image `from` if there is one. With
 * `force`, nothing is reused.
 */
export async function findWanted(
  arranged: readonly ArrangedLayer[],
  from: Image | undefined,
  options: MakeOptions & AbortOptions,
): Promise<readonly WantedLayer[]> {
  const { compression = "gzip", level, force } = options;
  const find = await reusableLayers(force === true ? undefined : from, options);
  return arranged
    .filter(({ entries }) => entries > 0)
    .map((layer) => {
      const key = layerKey(layer, `${compression} ${level ?? "default"}`);
      const known = find(key);
      const isAsWanted = known?.descriptor.mediaType === layerMediaType(compression);
      return { layer, key, reused: isAsWanted ? known : undefined };
    });
}

/** Makes the layers that are not there yet. */
export async function makeLayers(
  wanted: readonly WantedLayer[],
  options: AssembleOptions,
): Promise<readonly AssembledLayer[]> {
  const { target, compression = "gzip", level, onProgress } = options;
  const fresh = wanted.filter(({ reused }) => reused === undefined).map(({ layer }) => layer);
  const written = await writeLayers(fresh, target, { ...options, compression, level });
  return wanted.map(({ layer, key, reused }) => {
    const { name, entries, bytes } = layer;
    const stored = reused ?? written[fresh.indexOf(layer)]!;
    const { descriptor, diffId } = stored;
    onProgress?.(
      reused ? { kind: "reused", layer: name } : { kind: "written", layer: name, descriptor },
    );
    const annotations = { [AnnotationKey.layerKey]: layerNote(key, stored) };
    const noted = { ...descriptor, annotations };
    return { name, entries, bytes, descriptor: noted, diffId, reused: reused !== undefined };
  });
}
