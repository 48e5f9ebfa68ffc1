// SPDX-License-Identifier: MIT
import type { ChainId, DiffId } from "../oci/digest.ts";
import { digestBytes } from "./hash.ts";

/**
 * The chainID of each layer together with those below it (image-spec, config.md, "Layer ChainID"). The first
 * is the layer's diffID; each further one is the sha256 of the previous chainID, a space and the layer's
 * diffID.
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
