// SPDX-License-Identifier: MIT
import type { ImageLayer } from "./image-layers.ts";
import type { LinkChains } from "./link-chains.ts";
import type { ProgramGraph } from "./program-graph.ts";
import type { SizedEntry } from "./sized-tree.ts";

/** What can be shown of an image beside its findings. It keeps nothing of the image open. */
export interface ImageLook {
  /** The lowest first; empty for a plain directory. */
  readonly layers: readonly ImageLayer[];
  readonly tree: SizedEntry;
  readonly chains: LinkChains;
  /** Undefined where no programs were followed. */
  readonly programs: ProgramGraph | undefined;
}
