// SPDX-License-Identifier: MIT
import type { IndexProgress } from "../../rootfs/layer-index/image-indexes.ts";
import { formatBytes } from "./format.ts";
import type { ProgressLine } from "./progress.ts";

/** Draws how far the reading of an image's layers is. */
export function showIndexing(progress: ProgressLine): (event: IndexProgress) => void {
  return (event) => {
    if (event.kind !== "layer-reading") return;
    const { layer, bytes, size } = event;
    progress.show(`reading layer ${layer + 1}: ${formatBytes(bytes)} of ${formatBytes(size)}`);
  };
}
