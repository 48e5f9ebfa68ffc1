// SPDX-License-Identifier: MIT
import type { ConvertProgress } from "../../convert/kept/conversion.ts";
import type { PackProgress } from "../../convert/pack/pack-options.ts";
import type { UnpackProgress } from "../../convert/unpack/unpack-options.ts";
import { count } from "../../report/text/format.ts";
import type { Progress } from "./progress.ts";
import { showComparing } from "./show-comparing.ts";
import { showIndexing } from "./show-indexing.ts";
import { createTransferMeter } from "./transfer-meter.ts";

/** Shows the progress of an unpack. */
export function showUnpacking(progress: Progress): (event: UnpackProgress) => void {
  const showIndex = showIndexing(progress);
  const meter = createTransferMeter();
  return (event) => {
    switch (event.kind) {
      case "staging": {
        const { layer, bytes, size, entries } = event;
        progress.show(`layer ${layer}: ${meter(bytes, size)}; ${count(entries, "file")}`, event);
        return;
      }
      case "moving":
        progress.show(`moving into place: ${event.entries} of ${event.total}`, event);
        return;
      case "proving":
        progress.show(`comparing: ${event.compared} of ${event.total}`, event);
        return;
      default:
        showIndex(event);
    }
  };
}

/** Shows the progress of a conversion, or which process it waits for. */
export function showConverting(progress: Progress): (event: ConvertProgress) => void {
  const show = showUnpacking(progress);
  return (event) => {
    if (event.kind !== "waiting") show(event);
    else progress.show(`waiting: converted already by ${event.holder}`, event);
  };
}

/** Shows the progress of a pack. */
export function showPacking(progress: Progress): (event: PackProgress) => void {
  const show = showComparing(progress);
  const meter = createTransferMeter();
  return (event) => {
    if (event.kind !== "packing") {
      show(event);
      return;
    }
    const { layer, entries, bytes } = event;
    progress.show(`layer ${layer}: ${count(entries, "entry", "entries")}, ${meter(bytes)}`, event);
  };
}
