// SPDX-License-Identifier: MIT
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBytes } from "../../bytes/byte-string.ts";
import { formatRootlessOwner, parseRootlessOwner } from "./rootless-owner.ts";

const hex = (text: string) => fromBytes(Buffer.from(text, "hex"));

describe("an owner in user.rootlesscontainers", () => {
  // The values that umoci 0.6 wrote.
  it.each([
    [3_000_000_000, 5, "0880bcc1960b1005"],
    [1000, 300, "08e80710ac02"],
    [0, 70_000, "08ffffffff0f10f0a204"],
    [1, 0, "080110ffffffff0f"],
    [7, 8, "08071008"],
  ])("has the value that umoci writes for %i:%i", (uid, gid, value) => {
    expect(formatRootlessOwner(uid, gid)).toBe(hex(value));
    expect(parseRootlessOwner(hex(value))).toEqual({ uid, gid });
  });

  it("is parsed back to the same owner", () => {
    const id = fc.integer({ min: 0, max: 2 ** 32 - 2 });
    fc.assert(
      fc.property(id, id, (uid, gid) => {
        expect(parseRootlessOwner(formatRootlessOwner(uid, gid))).toEqual({ uid, gid });
      }),
    );
  });

  it("is 0 where a field is missing, and unknown fields with numbers are ignored", () => {
    expect(parseRootlessOwner(hex(""))).toEqual({ uid: 0, gid: 0 });
    expect(parseRootlessOwner(hex("1005"))).toEqual({ uid: 0, gid: 5 });
    expect(parseRootlessOwner(hex("1805080710 08".replace(" ", "")))).toEqual({ uid: 7, gid: 8 });
  });

  it.each([
    ["a truncated number", "08"],
    ["a number that is too long", "08ffffffffffffffffffffff01"],
    ["a field that is not a number", "0a0161"],
    ["a number beyond those of any system", "0880808080808001"],
    ["text", "313030303a31303030"],
  ])("is undefined with %s", (_, value) => {
    expect(parseRootlessOwner(hex(value))).toBeUndefined();
  });
});
