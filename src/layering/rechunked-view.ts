// SPDX-License-Identifier: MIT
import { completeHistory } from "../image/edit/history.ts";
import type { ImageView, ViewLayer } from "../image/edit/image-view.ts";
import { rewriteConfig } from "../image/edit/rewrite-document.ts";
import { AnnotationKey } from "../oci/annotations.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { History } from "../oci/documents/image-config.ts";
import type { DiffId } from "../oci/digest.ts";
import type { ReadableStore } from "../store/store.ts";
import { formatGroup, groupName, type LayerGroup } from "./groups/layer-group.ts";
import type { PreviousImage } from "./plan/kept-layers.ts";

/** A layer of the result and where it is. */
export interface PlacedLayer {
  readonly store: ReadableStore;
  readonly descriptor: Descriptor;
  readonly diffId: DiffId;
  readonly group: LayerGroup;
}

const MADE_BY = "oci-kit rechunk";

/**
 * The image with other layers. Its configuration stays, also what its history says of how it was built: as steps
 * without a layer, because no layer is that of one step any more. Each layer has an entry of its own, without a time,
 * so that it depends on nothing but the layer.
 */
export function rechunkedView(
  view: ImageView,
  layers: readonly PlacedLayer[],
  previous: PreviousImage | undefined,
): ImageView {
  const history = [
    ...completeHistory(view.config.value).filter(isBuilt).map(withoutLayer),
    ...layers.map(({ group }) => ({ created_by: MADE_BY, comment: groupName(group) })),
  ];
  const placed = layers.map(({ store, descriptor, diffId, group }): ViewLayer => {
    const annotations = {
      ...descriptor.annotations,
      [AnnotationKey.layerGroup]: formatGroup(group),
    };
    return { kind: "stored", store, descriptor: { ...descriptor, annotations }, diffId };
  });
  return {
    ...view,
    config: rewriteConfig(view.config, { image: { history } }),
    layers: placed,
    annotations: annotationsOf(view, layers, previous),
  };
}

function isBuilt({ created_by }: History): boolean {
  return created_by !== MADE_BY;
}

function withoutLayer(entry: History): History {
  return { ...entry, empty_layer: true };
}

/** Names the previous image; where nothing of its layers changed, what it says itself, so that a repetition changes nothing. */
function annotationsOf(
  { annotations }: ImageView,
  layers: readonly PlacedLayer[],
  previous: PreviousImage | undefined,
): ImageView["annotations"] {
  const key = AnnotationKey.previousImage;
  const rest = Object.fromEntries(Object.entries(annotations).filter(([name]) => name !== key));
  if (previous === undefined) return rest;
  const isSame =
    layers.length === previous.layers.length &&
    layers.every(({ diffId }, at) => diffId === previous.layers[at]!.diffId);
  const named = isSame
    ? previous.image.manifest.value.annotations?.[key]
    : previous.image.descriptor.digest;
  return named === undefined ? rest : { ...rest, [key]: named };
}
