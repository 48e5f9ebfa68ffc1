// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { parseDigest } from "../../oci/digest.ts";
import { conversionKey, digestOfKey } from "./conversion-key.ts";

const DIGEST = parseDigest(`sha256:${"ab".repeat(32)}`);
const PLAIN = `sha256-${"ab".repeat(32)}`;

describe("the key of a conversion", () => {
  it("is the bare digest for root's default settings, whether given or left out", () => {
    expect(conversionKey(DIGEST, {}, 0)).toBe(PLAIN);
    const said = { sameOwner: true, uidMap: [], gidMap: [], rootlessXattr: false };
    expect(conversionKey(DIGEST, said, 0)).toBe(PLAIN);
  });

  it("differs for every option that changes the result, and for every user", () => {
    const range = [{ image: 0, disk: 1000, size: 10 }];
    const keys = [
      conversionKey(DIGEST, {}, 0),
      conversionKey(DIGEST, {}, 1000),
      conversionKey(DIGEST, {}, 1001),
      conversionKey(DIGEST, { sameOwner: false }, 0),
      conversionKey(DIGEST, { uidMap: range }, 0),
      conversionKey(DIGEST, { gidMap: range }, 0),
      conversionKey(DIGEST, { rootlessXattr: true }, 0),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) {
      expect(key.startsWith(PLAIN)).toBe(true);
      expect(digestOfKey(key)).toBe(DIGEST);
    }
    expect(conversionKey(DIGEST, { uidMap: range }, 0)).toBe(keys[4]);
  });

  it("is not made from a digest that can't be verified, and other text is not read as a key", () => {
    expect(() => conversionKey(parseDigest("md5:abc"))).toThrow(
      expect.objectContaining({ code: "unsupported-algorithm" }),
    );
    const texts = [
      "",
      "lost+found",
      `${PLAIN}-`,
      `${PLAIN}-x`,
      PLAIN.slice(1),
      `${PLAIN}0`,
      `${PLAIN}/..`,
    ];
    for (const text of texts) expect(digestOfKey(text)).toBeUndefined();
  });
});
