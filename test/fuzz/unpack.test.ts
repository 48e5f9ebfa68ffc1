// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "vitest";
import { unpack } from "../../src/convert/unpack/unpack.ts";
import { readImage } from "../../src/image/image.ts";
import { onlyRoot } from "../../src/image/only-root.ts";
import { isOciError } from "../../src/oci/errors.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { layerTar, type LayerFiles } from "../../src/testing/build-image.ts";
import { readAll } from "../../src/bytes/streams/read-all.ts";
import { createSandbox, type Sandbox } from "../../src/testing/hostile/sandbox.ts";
import { writeHostileImage } from "../../src/testing/hostile/write-case.ts";
import { layerStacks } from "../fixtures/random-layers.ts";
import { fuzz } from "./fuzz.ts";
import { mutateTar } from "./mutate-tar.ts";
import { makeSeedTars } from "./seed-tars.ts";

const BESIDE = ["out.oci-kit"];
const LIMITS = { expansionFloor: 4 << 20, expansionRatio: 100, entries: 5_000 };

/** Unpacks layers. Whether they are refused or not, nothing outside may change, and a result must be proven. */
async function unpackAndCheck(sandbox: Sandbox, layers: readonly Uint8Array[]): Promise<void> {
  writeHostileImage({ layers }, sandbox.layout);
  const before = sandbox.snapshot(BESIDE);
  try {
    const store = await openLayout(sandbox.layout);
    const image = await readImage(store, await onlyRoot(store));
    const { proof } = await unpack(image, sandbox.target, { limits: LIMITS });
    assert.ok(proof !== undefined && proof.compared > 0, "expected a proof");
    assert.deepEqual(proof.differences, []);
  } catch (error) {
    if (!isOciError(error, ...REFUSALS)) throw error;
  }
  assert.deepEqual(sandbox.snapshot(BESIDE), before, "changed outside the destination");
}

/** The codes that an image can be refused with. Any other error is a fault of the unpacker. */
const REFUSALS = [
  "invalid-layer",
  "truncated",
  "path-escape",
  "link-loop",
  "limit-exceeded",
  "unwritable",
] as const;

async function inSandbox(work: (sandbox: Sandbox) => Promise<void>): Promise<void> {
  const sandbox = createSandbox();
  try {
    await work(sandbox);
  } finally {
    sandbox.remove();
  }
}

function tarsOf(stack: readonly LayerFiles[]): Promise<Uint8Array[]> {
  return Promise.all(stack.map((files) => readAll(layerTar(files), 1 << 24, "layer")));
}

describe("never a byte outside", () => {
  it("random stacks are unpacked as they are merged", () =>
    fuzz("random stacks are unpacked as they are merged", 0.13, async (_random, seed) => {
      const property = fc.asyncProperty(layerStacks(), (stack) =>
        inSandbox(async (sandbox) => unpackAndCheck(sandbox, await tarsOf(stack))),
      );
      await fc.assert(property, { seed, numRuns: 1 });
    }));

  it("mutated layers are unpacked or refused", () =>
    fuzz("mutated layers are unpacked or refused", 0.13, (random) =>
      inSandbox(async (sandbox) => {
        const seeds = (tars ??= await makeSeedTars(sandbox));
        const layers = Array.from({ length: 1 + random.below(3) }, () =>
          mutateTar(random.of(seeds), random, random.of(seeds)),
        );
        await unpackAndCheck(sandbox, layers);
      }),
    ));
});

let tars: Uint8Array[] | undefined;
