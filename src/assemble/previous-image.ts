// SPDX-License-Identifier: MIT
import type { Image } from "../image/image.ts";
import { AnnotationKey } from "../oci/annotations.ts";
import type { AssembledLayer, MakeOptions } from "./assemble-options.ts";
import type { PreparedLayers } from "./layers/prepare-layers.ts";

/** The image whose layers are kept where the recipe splits one. */
export function previousOf(
  reusable: Image | undefined,
  { previous }: MakeOptions,
): Image | undefined {
  return previous === undefined ? reusable : (previous ?? undefined);
}

/** Whether an image is what follows the previous image that is asked for. */
export function isAfter(
  { manifest, descriptor }: Image,
  previous: Image | null | undefined,
): boolean {
  if (previous === undefined) return true;
  const recorded = manifest.value.annotations?.[AnnotationKey.previousImage];
  if (previous === null) return recorded === undefined;
  const { digest } = previous.descriptor;
  return recorded === digest || descriptor.digest === digest;
}

/**
 * Names the image whose layers could be kept where a layer was split; where all of them were, what that image names
 * itself, so that a repetition changes nothing.
 */
export function recordPrevious(
  layers: readonly AssembledLayer[],
  prepared: PreparedLayers,
  previous: Image | undefined,
): Record<string, string> {
  const splits = prepared.layers.flatMap(({ split }) => split ?? []);
  if (splits.every((split) => split.previous === undefined) || previous === undefined) return {};
  const key = AnnotationKey.previousImage;
  const { splitLayer } = AnnotationKey;
  const before = previous.manifest.value.layers.filter(
    ({ annotations }) => annotations?.[splitLayer],
  );
  const now = layers.flatMap(({ group, descriptor }) => (group === undefined ? [] : descriptor));
  const isSame =
    now.map(({ digest }) => digest).join() === before.map(({ digest }) => digest).join();
  const named = isSame ? previous.manifest.value.annotations?.[key] : previous.descriptor.digest;
  return named === undefined ? {} : { [key]: named };
}
