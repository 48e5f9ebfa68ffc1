// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ByteString } from "../bytes/byte-string.ts";
import { isOciError } from "../oci/errors.ts";
import { DEFAULT_LIMITS } from "../oci/limits.ts";
import { layerOf, listLayer, refusalOf } from "../testing/list-layer.ts";
import type { Entry } from "./entry.ts";
import { makeEntry, type EntryInit } from "./make-entry.ts";

const bytes = (text: string): ByteString => text as ByteString;
const path = (length: number): ByteString => bytes("p".repeat(length));
const UNLIMITED = { pathBytes: 1e9, extendedHeaderBytes: 1e9, entries: 1e9 };

function entryOf(init: Partial<EntryInit>): Entry {
  return makeEntry({ type: "file", path: path(1), ...init });
}

/** The size of the value that makes an extended header as large as allowed: `4194304 SCHILY.xattr.a=…\n`. */
const LARGEST_VALUE = DEFAULT_LIMITS.extendedHeaderBytes - "4194304 SCHILY.xattr.a=\n".length;
const withXattr = (length: number): Entry =>
  entryOf({ xattrs: new Map([[bytes("a"), bytes("v".repeat(length))]]) });

describe("what no reader with the default limits would take is refused when it is written:", () => {
  it.each<[string, (over: number) => Entry, string]>([
    ["a path", (over) => entryOf({ path: path(DEFAULT_LIMITS.pathBytes + over) }), "pathBytes"],
    [
      "the target of a symbolic link",
      (over) => entryOf({ type: "symlink", linkTarget: path(DEFAULT_LIMITS.pathBytes + over) }),
      "pathBytes",
    ],
    [
      "the target of a hard link",
      (over) => entryOf({ type: "hardlink", linkTarget: path(DEFAULT_LIMITS.pathBytes + over) }),
      "pathBytes",
    ],
    ["an extended attribute", (over) => withXattr(LARGEST_VALUE + over), "extendedHeaderBytes"],
  ])("%s", (_, make, limit) => {
    const largest = make(0);
    expect(listLayer(layerOf([{ entry: largest }]))[0]?.entry).toEqual(largest);
    const entry = make(1);
    const expected = { code: "limit-exceeded", details: { limit } };
    expect(() => layerOf([{ entry }])).toThrow(expect.objectContaining({ code: expected.code }));
    expect(() => layerOf([{ entry }])).toThrow(/^entry "p+" of a new layer: expected at most /);
    expect(refusalOf(layerOf([{ entry }], { limits: UNLIMITED }))).toMatchObject(expected);
  });
});

const text = (most: number): fc.Arbitrary<ByteString> =>
  fc.nat(most).map((length) => bytes("x".repeat(length)));
const entry = fc
  .record({
    type: fc.constantFrom("file", "symlink", "hardlink", "directory"),
    path: text(120),
    target: text(120),
    userName: text(80),
    xattrs: fc.array(text(60), { maxLength: 3 }),
    comment: text(60),
  } as const)
  .map(({ type, path, target, userName, xattrs, comment }) =>
    entryOf({
      ...{ type, path, userName },
      linkTarget: type === "symlink" || type === "hardlink" ? target : bytes(""),
      xattrs: new Map(xattrs.map((value, at) => [bytes(`user.${at}`), value])),
      extensions: comment === "" ? new Map() : new Map([[bytes("comment"), comment]]),
    }),
  );

describe("a writer and a reader with the same limits", () => {
  it("refuse the same layers, for the same limit", () => {
    const limits = fc.record({
      pathBytes: fc.integer({ min: 60, max: 120 }),
      extendedHeaderBytes: fc.integer({ min: 0, max: 400 }),
      entries: fc.integer({ min: 1, max: 4 }),
    });
    const outcomes = new Set<unknown>();
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), limits, (entries, limits) => {
        const items = entries.map((entry) => ({ entry }));
        const read = limitOf(() => {
          const listed = listLayer(layerOf(items, { limits: UNLIMITED }), { limits });
          expect(listed.map(({ entry }) => entry)).toEqual(entries);
        });
        expect(limitOf(() => layerOf(items, { limits }))).toBe(read);
        outcomes.add(read);
      }),
      { numRuns: 1000 },
    );
    expect([...outcomes].map(String).sort()).toEqual([
      "entries",
      "extendedHeaderBytes",
      "pathBytes",
      "undefined",
    ]);
  });
});

/** The limit that work is refused for; undefined when it is done. */
function limitOf(work: () => void): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    if (isOciError(error, "limit-exceeded")) return error.details["limit"];
    throw error;
  }
}
