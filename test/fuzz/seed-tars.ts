// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { readAll } from "../../src/bytes/streams/read-all.ts";
import { layerTar } from "../../src/testing/build-image.ts";
import type { Surroundings } from "../../src/testing/hostile/hostile-case.ts";
import { hostileLayers } from "../../src/testing/hostile/hostile-layers.ts";
import { layerStacks } from "../fixtures/random-layers.ts";

const LONGEST = 64 * 1024;
const STACKS = 200;

/** Small tars to start from: layers of the hostile corpus, also those that are refused, and layers of random stacks. */
export async function makeSeedTars(surroundings: Surroundings): Promise<Uint8Array[]> {
  const tars: Uint8Array[] = [];
  for (const { build } of hostileLayers) {
    for (const layer of build(surroundings).layers) {
      if (layer instanceof Uint8Array && layer.length <= LONGEST) tars.push(layer);
    }
  }
  for (const stack of fc.sample(layerStacks(), { seed: 1, numRuns: STACKS })) {
    for (const files of stack) {
      const tar = await readAll(layerTar(files), 1 << 24, "a random layer");
      if (tar.length <= LONGEST) tars.push(tar);
    }
  }
  return tars;
}
