// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../oci/limits.ts";
import type { Bytes } from "./bytes.ts";
import { createExpansionGuard } from "./expansion.ts";

const MIB = 1024 * 1024;

/** `length` bytes, always of the same chunk: nothing is held, nothing is decompressed. */
async function* bytesOf(length: number): Bytes & AsyncGenerator<Uint8Array> {
  const chunk = new Uint8Array(64 * MIB);
  for (let left = length; left > 0; left -= chunk.length) {
    yield await Promise.resolve(left < chunk.length ? chunk.subarray(0, left) : chunk);
  }
}

/** Lets so many bytes in, then so many out, with the limits that hold where nobody gives others. */
async function expand(compressed: number, uncompressed: number): Promise<void> {
  const guard = createExpansionGuard(DEFAULT_LIMITS, "layer 0");
  for await (const chunk of guard.input(bytesOf(compressed))) expect(chunk).toBeDefined();
  for await (const chunk of guard.output(bytesOf(uncompressed))) expect(chunk).toBeDefined();
}

describe("the limit against bombs, as it is by default", () => {
  it("refuses a gzip of zeros, of which the format can't make more than 1032 from one byte", async () => {
    await expect(expand(8 * MIB, 8 * MIB * 1029)).rejects.toMatchObject({
      code: "limit-exceeded",
      details: { limit: "expansionRatio" },
      hint: expect.stringContaining("--limit expansionRatio=N") as string,
    });
  });

  it("lets two GiB of zeros through that we packed with zstd, ten thousand times smaller", async () => {
    await expect(expand(196_802, 2048 * MIB)).resolves.toBeUndefined();
  });

  it("lets forty GB of ordinary files through", async () => {
    await expect(expand(4000 * MIB, 40_000 * MIB)).resolves.toBeUndefined();
  });
});
