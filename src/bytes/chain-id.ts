// SPDX-License-Identifier: MIT
import type { ChainId, DiffId } from "../oci/digest.ts";
import { digestBytes } from "./hash.ts";

/**
 * The chainID of each layer upon those below it (image-spec, config.md, "Layer ChainID"): the
 * first is its diffID, each further one the sha256 of the previous chainID, a space and its diffID.
 */
export function chainIds(diffIds: readonly DiffId[]): ChainId[] {
  const encoder = new TextEncoder();
  const chain: ChainId[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    const name = below === undefined ? diffId : digestBytes(encoder.encode(`${below} ${diffId}`));
    chain.push(name as string as ChainId);
  }
  return chain;
}
