// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { collect, failureOf, inChunks, noise } from "../../test/fixtures/bytes/streams.ts";
import { diffIdOf, parseDiffId } from "../oci/digest.ts";
import { once } from "./bytes.ts";
import { digestBytes } from "./hash.ts";
import { verifyDiffId } from "./verify-diff-id.ts";

const content = noise(1000);

describe("bytes verified against a diffID", () => {
  it("come through when it is theirs", async () => {
    const diffId = diffIdOf(digestBytes(content));
    expect(await collect(verifyDiffId(inChunks(content, 7), diffId))).toEqual(content);
  });

  it("fail when it is another layer's", async () => {
    const diffId = parseDiffId(`sha256:${"0".repeat(64)}`);
    expect(await failureOf(verifyDiffId(once(content), diffId))).toMatchObject({
      code: "diff-id-mismatch",
      details: { expected: diffId, got: digestBytes(content) },
    });
  });
});
