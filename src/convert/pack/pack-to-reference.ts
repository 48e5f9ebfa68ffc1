// SPDX-License-Identifier: MIT
import {
  withImage,
  withTarget,
  type Named,
  type TargetOptions,
  type WrittenTo,
} from "../../image/by-reference/with-reference.ts";
import type { Image } from "../../image/image.ts";
import { packDirectory } from "./pack-directory.ts";
import type { PackOptions, PackedImage } from "./pack-options.ts";

export interface PackToReferenceOptions extends Omit<PackOptions, "base" | "tag">, TargetOptions {
  /** The image below. Of an index the one for `platform`. */
  readonly base?: Named | undefined;
}

/**
 * Makes an image of a directory and writes it to a reference, as `packDirectory` does to a store.
 * @throws OciError what opening and `packDirectory` throw
 */
export function packToReference(
  directory: string,
  to: Named,
  options: PackToReferenceOptions = {},
): Promise<PackedImage & WrittenTo> {
  const { base, platform, ...rest } = options;
  const packOn = (image?: Image): Promise<PackedImage & WrittenTo> =>
    withTarget(to, options, ({ store, tag }) =>
      packDirectory(directory, store, {
        ...rest,
        tag,
        base: image,
        platform: image === undefined ? platform : undefined,
      }),
    );
  return base === undefined ? packOn() : withImage(base, options, packOn);
}
