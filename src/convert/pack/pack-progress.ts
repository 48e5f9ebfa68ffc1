// SPDX-License-Identifier: MIT
import type { PackOptions, PackedContent } from "./pack-options.ts";

/** Counts what is written to a layer, and reports it now and then. */
export interface PackProgressCounter {
  entry(bytes: number): void;
  counts(): PackedContent;
}

const INTERVAL = 100;

/** Starts counting for the layer with this number among the new ones. */
export function createPackProgress(
  { onProgress }: Pick<PackOptions, "onProgress">,
  layer: number,
): PackProgressCounter {
  let [entries, bytes, due] = [0, 0, 0];
  return {
    entry(more) {
      entries += 1;
      bytes += more;
      if (onProgress === undefined) return;
      const now = performance.now();
      if (now < due) return;
      due = now + INTERVAL;
      onProgress({ kind: "packing", layer, entries, bytes });
    },
    counts: () => ({ entries, bytes }),
  };
}
