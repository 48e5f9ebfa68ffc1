// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import type { ContentStore } from "../../store/store.ts";
import type { PackOptions, PackedImage } from "./pack-options.ts";

/**
 * Makes an image of a directory.
 */
export function packDirectory(
  directory: string,
  target: ContentStore,
  options: PackOptions = {},
): Promise<PackedImage> {
  throw new OciError("unsupported-operation", `${directory}: ${target.name}: ${String(options)}`);
}
