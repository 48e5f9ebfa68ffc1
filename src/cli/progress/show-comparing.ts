// SPDX-License-Identifier: MIT
import type { IndexProgress } from "../../rootfs/layer-index/image-indexes.ts";
import type { Progress } from "./progress.ts";
import { showIndexing } from "./show-indexing.ts";

/** Progress of comparing two trees, after the layers of images were indexed. */
type ComparingEvent = IndexProgress | { readonly kind: "comparing"; readonly compared: number };

/** Shows the progress of reading layers, then of comparing paths. */
export function showComparing(progress: Progress): (event: ComparingEvent) => void {
  const show = showIndexing(progress);
  return (event) => {
    if (event.kind !== "comparing") show(event);
    else progress.show(`comparing: ${event.compared} paths`, event);
  };
}
