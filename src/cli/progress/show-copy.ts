// SPDX-License-Identifier: MIT
import type { WriteProgress } from "../../image/edit/write-image.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { shortDigest, type Digest } from "../../oci/digest.ts";
import type { CopyEvent } from "../../store/copy/transfer.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import type { Progress } from "./progress.ts";
import { createTransferMeter } from "./transfer-meter.ts";

/** Shows the progress of a copy: of each blob being sent, and of the whole copy. */
export function showCopy(progress: Progress): (event: CopyEvent) => void {
  const meter = createTransferMeter();
  const active = new Map<Digest, { readonly descriptor: Descriptor; readonly bytes: number }>();
  let total = 0;
  let finished = 0;
  return (event) => {
    switch (event.kind) {
      case "planned":
        total += event.bytes;
        break;
      case "started":
        active.set(event.descriptor.digest, { descriptor: event.descriptor, bytes: 0 });
        break;
      case "progress":
        active.set(event.descriptor.digest, event);
        break;
      case "finished":
        active.delete(event.transfer.descriptor.digest);
        finished += event.transfer.descriptor.size;
        break;
      case "tagged":
        break;
    }
    const pieces = [...active.values()];
    const sent = pieces.reduce((sum, { bytes }) => sum + bytes, finished);
    progress.show(meter(sent, total), event, pieces.map(pieceLine));
  };
}

function pieceLine({
  descriptor: { digest, size },
  bytes,
}: {
  readonly descriptor: Descriptor;
  readonly bytes: number;
}): string {
  const share = size === 0 ? 100 : Math.floor((bytes * 100) / size);
  return `  ${shortDigest(digest)}  ${formatBytes(bytes)} of ${formatBytes(size)}, ${share} %`;
}

/** As {@link showCopy}, and also shows the progress of layers that are being made. */
export function showWriting(progress: Progress): (event: WriteProgress) => void {
  const show = showCopy(progress);
  const meter = createTransferMeter();
  return (event) => {
    if (event.kind !== "making") show(event);
    else progress.show(`making ${event.layer}: ${meter(event.bytes)}`, event);
  };
}
