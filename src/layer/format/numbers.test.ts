// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { listLayer } from "../../testing/list-layer.ts";
import { base256, GNU_MAGIC, paxHeader, rawEntry, rawTar } from "../../testing/raw-tar.ts";

const only = (tar: Uint8Array) => listLayer(tar)[0]!.entry;

describe("times beyond what a double holds", () => {
  const far = Uint8Array.of(0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
  const before = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0);

  it("are the last second that one holds, in a base-256 field of 64 bits", () => {
    const mtimeOf = (mtime: Uint8Array) =>
      only(rawTar(rawEntry({ name: "x", magic: GNU_MAGIC, mtime })));
    expect(mtimeOf(far).mtime).toBe(Number.MAX_SAFE_INTEGER);
    expect(mtimeOf(before).mtime).toBe(Number.MIN_SAFE_INTEGER);
    expect(mtimeOf(base256(-62_135_596_800, 12)).mtime).toBe(-62_135_596_800);
  });
});

describe("numbers of PAX records with zeros in front", () => {
  it("are the numbers without them", () => {
    const zeros = "0".repeat(20);
    const records = { uid: `${zeros}7`, size: `${zeros}3`, mtime: `${zeros}1700000000.5` };
    const entry = only(rawTar(paxHeader(records), rawEntry({ name: "x", size: 0 }, "abc")));
    expect(entry).toMatchObject({ uid: 7, size: 3, mtime: 1_700_000_000, mtimeNanoseconds: 5e8 });
  });

  it("may be the length of a record", () => {
    const text = new TextEncoder().encode("00000000000000018 path=abc\n".replace("18", "27"));
    const tar = rawTar(rawEntry({ name: "pax", typeFlag: "x" }, text), rawEntry({ name: "x" }));
    expect(only(tar).path).toBe("abc");
  });
});
