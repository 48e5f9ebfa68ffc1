// SPDX-License-Identifier: MIT
import { base256, GNU_MAGIC, joinBytes, rawEntry, type RawField } from "../raw-tar.ts";
import type { HostileCase, HostileExpectation, TreeFacts } from "./hostile-case.ts";
import { file, oneLayer, raw, withRecords } from "./layer-parts.ts";

const OUT: TreeFacts = { "/x": { content: "\0\0abc\0\0d\0\0" } };

/** A file in GNU's sparse format 0.1: the map is a PAX record. */
function mapped(map: string, size: number, content: string): Uint8Array[] {
  const records = { "GNU.sparse.size": String(size), "GNU.sparse.map": map };
  return [withRecords(records, file("x", content))];
}

/** GNU's format 1.0: the map is the first part of the content. */
function inContent(map: string, size: number, content: string): Uint8Array[] {
  const records = {
    "GNU.sparse.major": "1",
    "GNU.sparse.minor": "0",
    "GNU.sparse.name": "x",
    "GNU.sparse.realsize": String(size),
  };
  const padded = map.padEnd(Math.ceil(map.length / 512) * 512, "\0");
  return [withRecords(records, file("GNUSparseFile.0/x", padded + content))];
}

/** GNU's oldest format: up to four extents in the header. */
function oldGnu(
  extents: readonly (readonly [RawField, RawField])[],
  size: RawField,
  content: string,
): Uint8Array[] {
  const at: Record<number, RawField> = { 483: size };
  for (const [index, [offset, length]] of extents.entries()) {
    at[386 + 24 * index] = offset;
    at[398 + 24 * index] = length;
  }
  return [rawEntry({ name: "x", typeFlag: "S", magic: GNU_MAGIC, at }, content)];
}

function format00(extents: readonly (readonly [string, string])[], content: string): Uint8Array[] {
  const one = (key: string, value: string): Uint8Array =>
    raw(`${key.length + value.length + 5} ${key}=${value}\n`);
  const pairs = extents.flatMap(([offset, length]) => [
    one("GNU.sparse.offset", offset),
    one("GNU.sparse.numbytes", length),
  ]);
  const records = joinBytes(one("GNU.sparse.size", "10"), ...pairs);
  return [rawEntry({ name: "PaxHeader", typeFlag: "x" }, records), file("x", content)];
}

function cases(
  expect: HostileExpectation,
  variants: Readonly<Record<string, () => Uint8Array[]>>,
): HostileCase[] {
  return Object.entries(variants).map(([name, parts]) => ({
    number: 59,
    name: `sparse: ${name}`,
    expect,
    codes: [expect === "limited" ? "limit-exceeded" : "invalid-layer"],
    build: () => oneLayer(parts(), expect === "accepted" ? OUT : {}),
  }));
}

/** Files with holes in all formats of GNU tar, and wrong maps of their extents (CVE-2025-58183). */
export const sparseFileCases: readonly HostileCase[] = [
  ...cases("accepted", {
    "format 0.0": () =>
      format00(
        [
          ["2", "3"],
          ["7", "1"],
        ],
        "abcd",
      ),
    "format 0.1": () => mapped("2,3,7,1", 10, "abcd"),
    "format 1.0": () => inContent("2\n2\n3\n7\n1\n", 10, "abcd"),
    "the oldest format": () =>
      oldGnu(
        [
          [2, 3],
          [7, 1],
        ],
        10,
        "abcd",
      ),
  }),
  ...cases("refused", {
    "extents that overlap": () => mapped("0,3,2,2", 10, "abcde"),
    "extents out of order": () => mapped("5,1,0,1", 10, "ab"),
    "an extent beyond the file's size": () => mapped("8,3", 10, "abc"),
    "extents that are not what is stored": () => mapped("0,3", 10, "ab"),
    "a negative extent": () => mapped("-1,3", 10, "abc"),
    "extents that overflow": () => mapped("9007199254740991,9007199254740991", 10, "abc"),
    "a negative extent in a header": () => oldGnu([[base256(-1, 12), 3]], 10, "abc"),
    "a map that is longer than the entry": () => inContent("9\n0\n1\n", 10, ""),
    "an endless number": () => inContent("1".repeat(2000), 10, ""),
    "a version that nobody knows": () => [
      withRecords(
        { "GNU.sparse.major": "7", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "1" },
        file("x"),
      ),
    ],
  }),
  ...cases("limited", {
    "a size of 2^50 out of three bytes": () => mapped("0,3", 2 ** 50, "abc"),
    "a size of 2^50 in a header": () => oldGnu([[0, 3]], base256(2 ** 50, 12), "abc"),
    "a map that says it has 10^9 extents": () => inContent("1000000000\n", 10, "abc"),
  }),
  {
    number: 59,
    name: "sparse: a map of 10^6 extents and one",
    expect: "limited",
    codes: ["limit-exceeded"],
    limits: { sparseExtents: 1_000_000, extendedHeaderBytes: 1 << 30 },
    build: () => {
      const map = Array.from({ length: 1_000_001 }, (_, at) => `${at * 2},1`).join(",");
      return oneLayer(mapped(map, 2_000_002, ""));
    },
  },
];
