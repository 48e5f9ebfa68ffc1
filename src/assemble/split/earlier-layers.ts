// SPDX-License-Identifier: MIT
import type { Image } from "../../image/image.ts";
import { groupOf, isGroupedFor } from "../../layering/groups/layer-group.ts";
import { measureLayer, type PreviousImage } from "../../layering/plan/kept-layers.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import type { IndexLayersOptions } from "../../rootfs/layer-index/image-indexes.ts";
import { indexLayers } from "../../rootfs/layer-index/image-indexes.ts";

/**
 * The layers of a previous image that are what became of a split layer of the recipe, by its name. Undefined if there
 * are none, or if they are grouped for more layers than there may be.
 * @throws OciError what indexing throws
 */
export async function findEarlierLayers(
  image: Image | undefined,
  name: string,
  { most, ...options }: IndexLayersOptions & { readonly most: number },
): Promise<PreviousImage | undefined> {
  if (image === undefined) return undefined;
  const found = [...image.manifest.value.layers.entries()].flatMap(([at, descriptor]) => {
    const isOwn = descriptor.annotations?.[AnnotationKey.splitLayer] === name;
    const group = isOwn ? groupOf(descriptor) : undefined;
    return group === undefined ? [] : [{ at, descriptor, group }];
  });
  const groups = found.map(({ group }) => group);
  if (found.length === 0 || !isGroupedFor(most, groups)) return undefined;
  const indexes = await indexLayers(image, { ...options, only: found.map(({ at }) => at) });
  const layers = found.map(({ at, descriptor, group }, each) => ({
    ...{ group, descriptor, index: indexes[each]! },
    diffId: image.config.value.rootfs.diff_ids[at]!,
    ...measureLayer(indexes[each]!),
  }));
  return { image, layers };
}
