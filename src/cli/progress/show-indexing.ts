// SPDX-License-Identifier: MIT
import type { IndexProgress } from "../../rootfs/layer-index/image-indexes.ts";
import type { Progress } from "./progress.ts";
import { createTransferMeter } from "./transfer-meter.ts";

/** Shows the progress of reading an image's layers. */
export function showIndexing(progress: Progress): (event: IndexProgress) => void {
  const meter = createTransferMeter();
  return (event) => {
    switch (event.kind) {
      case "layer-reading":
        progress.show(`reading layer ${event.layer}: ${meter(event.bytes, event.size)}`, event);
        return;
      case "layer-cached":
        progress.show(`layer ${event.layer}: its index is known`, event);
        return;
      case "layer-indexed":
        progress.show(`layer ${event.layer}: ${event.entries} entries`, event);
        return;
      case "layer-table":
        progress.show(`layer ${event.layer}: ${event.entries} entries by its table`, event);
        return;
      case "table-unusable":
        progress.show(`layer ${event.layer}: its table of contents is wrong`, event);
        return;
      case "cache-unusable":
        progress.show(`layer ${event.layer}: its index can't be kept`, event);
        return;
    }
  };
}

/** Whether an event comes from indexing layers rather than from the work that follows. */
export function isIndexing(event: { readonly kind: string }): event is IndexProgress {
  return event.kind.startsWith("layer-") || /^(cache|table)-unusable$/.test(event.kind);
}
