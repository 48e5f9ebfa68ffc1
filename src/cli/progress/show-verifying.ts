// SPDX-License-Identifier: MIT
import type { IndexProgress } from "../../rootfs/layer-index/image-indexes.ts";
import type { VerifyProgress } from "../../verify/image/verify-progress.ts";
import type { Progress } from "./progress.ts";
import { isIndexing, showIndexing } from "./show-indexing.ts";

/** Shows the progress of verifying images. */
export function showVerifying(progress: Progress): (event: VerifyProgress) => void {
  const indexing = showIndexing(progress);
  return (event) => {
    if (isIndexing(event)) indexing(event);
    else progress.show(textOf(event), event);
  };
}

function textOf(event: Exclude<VerifyProgress, IndexProgress>): string {
  switch (event.kind) {
    case "walking":
      return `looking at paths: ${event.paths}`;
    case "reading-objects":
      return `reading ELF objects: ${event.read} of ${event.total}`;
    case "following-programs":
      return `following programs: ${event.followed} of ${event.total}`;
  }
}
