// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import type { LayerPass } from "./content-plan.ts";

/** How far the reading of a layer has come in what is wanted of it. */
export interface PassCursor<Want> {
  /** Who wants the entry of this number: none, one or several. To be asked for ascending numbers. */
  take(entry: number): readonly Want[];
  /** At the layer's end: everything that is wanted must have been there. @throws OciError `invalid-layer` */
  checkEnd(): void;
}

/** What to do about a layer that is not what its index says. */
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
