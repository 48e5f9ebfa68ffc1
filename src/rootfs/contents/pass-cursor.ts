// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import type { LayerPass } from "./content-plan.ts";

/** Follows the reading of a layer and says who wants each entry. */
export interface PassCursor<Want> {
  /** Those who want the entry of this number: none, one or several. Call it with ascending numbers. */
  take(entry: number): readonly Want[];
  /** Call it at the layer's end. @throws OciError `invalid-layer` when a wanted entry was not there */
  checkEnd(): void;
}

/** The hint for a layer that differs from what its index says. */
export const DAMAGED_INDEX = "The cached index of the layer is damaged: remove it.";

const NOBODY: readonly never[] = [];

/** Starts at a layer's first entry. `what` names the layer in messages. */
export function createPassCursor<Want>(
  { layer, entries, wants }: LayerPass<Want>,
  what: string,
): PassCursor<Want> {
  let at = 0;
  return {
    take(entry) {
      if (entries[at] !== entry) return NOBODY;
      const start = at;
      while (entries[at] === entry) at += 1;
      return wants.slice(start, at);
    },
    checkEnd() {
      if (at === entries.length) return;
      throw new OciError(
        "invalid-layer",
        `${what}: expected ${new Set(entries).size} entries that its index names, got ${new Set(entries.subarray(0, at)).size}`,
        { details: { layer }, hint: DAMAGED_INDEX },
      );
    },
  };
}
