// SPDX-License-Identifier: MIT
import type { WriteProgress } from "../../image/edit/write-image.ts";
import type { RechunkProgress } from "../../layering/rechunk-image.ts";
import type { Progress } from "./progress.ts";
import { showWriting } from "./show-copy.ts";
import { isIndexing, showIndexing } from "./show-indexing.ts";
import { createTransferMeter } from "./transfer-meter.ts";

const STEP = 4 * 1024 * 1024;

/** Shows the progress of rechunking: layers that are read, new ones that are written, kept ones that are copied. */
export function showRechunking(
  progress: Progress,
): (event: WriteProgress | RechunkProgress) => void {
  const [indexing, writing] = [showIndexing(progress), showWriting(progress)];
  const meter = createTransferMeter();
  let told = 0;
  return (event) => {
    if (isIndexing(event)) indexing(event);
    else if (event.kind !== "rechunking") writing(event);
    else if (event.bytes < told || event.bytes - told >= STEP || event.bytes === event.total) {
      told = event.bytes;
      progress.show(`writing new layers: ${meter(event.bytes, event.total)}`, event);
    }
  };
}
