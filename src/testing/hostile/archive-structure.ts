// SPDX-License-Identifier: MIT
import {
  base256,
  END_OF_TAR,
  gnuLongName,
  joinBytes,
  paxHeader,
  paxRecord,
  rawEntry,
  rawHeader,
  type RawField,
} from "../raw-tar.ts";
import type { HostileCase, HostileExpectation, TreeFacts, Numbered } from "./hostile-case.ts";
import {
  directory,
  entry,
  file,
  hardlink,
  oneLayer,
  raw,
  symlink,
  withRecords,
} from "./layer-parts.ts";

type Variant = readonly [name: string, parts: Uint8Array[], tree: TreeFacts];

function accepted({ number }: Numbered, variants: readonly Variant[]): HostileCase[] {
  return variants.map(([name, parts, tree]) => ({
    number,
    name,
    expect: "accepted",
    build: () => oneLayer(parts, tree),
  }));
}

function failing(
  { number }: Numbered,
  expect: HostileExpectation,
  code: "invalid-layer" | "truncated" | "limit-exceeded",
  variants: Readonly<Record<string, () => Uint8Array[]>>,
): HostileCase[] {
  return Object.entries(variants).map(([name, parts]) => ({
    number,
    name,
    expect,
    codes: [code],
    build: () => oneLayer(parts()),
  }));
}

/** A layer of exactly these bytes: without the end of archive that {@link oneLayer} adds. */
function endingWith(
  name: string,
  expect: HostileExpectation,
  tar: Uint8Array,
  tree?: TreeFacts,
): HostileCase {
  return {
    number: 60,
    name,
    expect,
    codes: ["invalid-layer", "truncated"],
    build: () => ({ layers: [tar], tree }),
  };
}

const INNER = rawEntry({ name: "smuggled" }, "inner");
const LONG = "n".repeat(200);
const X = file("x", "abc");
const HAS_X: TreeFacts = { "/x": { content: "abc" } };
const sized = (size: RawField, content = "abc"): Uint8Array[] => [
  rawEntry({ name: "x", size }, content),
];
const records = (text: string): Uint8Array[] => [paxHeader(raw(text)), X];

/** Layers that readers understand differently: by their sizes, extended headers or ends. */
export const archiveStructureCases: readonly HostileCase[] = [
  ...accepted({ number: 54 }, [
    [
      "a PAX size larger than the header's (TARmageddon, CVE-2025-62518)",
      [withRecords({ size: String(INNER.length) }, rawEntry({ name: "outer", size: 0 }, INNER))],
      { "/outer": { size: INNER.length }, "/smuggled": { type: "absent" } },
    ],
    [
      "a PAX size smaller than the header's",
      [withRecords({ size: "0" }, rawHeader({ name: "outer", size: 1024 })), INNER],
      { "/outer": { size: 0 }, "/smuggled": { content: "inner" } },
    ],
  ]),
  ...accepted({ number: 55 }, [
    [
      "a PAX size before a long name (GHSA-vmf3-w455-68vh)",
      [
        withRecords({ size: "3" }, gnuLongName("L", LONG)),
        rawEntry({ name: "x", size: 0 }, "abc"),
        file("y", "next"),
      ],
      { [`/${LONG}`]: { content: "abc" }, "/y": { content: "next" } },
    ],
  ]),
  ...failing({ number: 56 }, "refused", "invalid-layer", {
    "two PAX headers for one entry": () => [paxHeader({ path: "a" }), paxHeader({ path: "b" }), X],
    "two long names for one entry": () => [gnuLongName("L", "a"), gnuLongName("L", "b"), X],
    "a long name and another PAX path": () => [gnuLongName("L", "a"), paxHeader({ path: "b" }), X],
    "a global header after an entry's own": () => [
      paxHeader({ path: "a" }),
      paxHeader({ comment: "c" }, "g"),
      X,
    ],
    "a global path": () => [paxHeader({ path: "../x" }, "g"), X],
    "a global size": () => [paxHeader({ size: "512" }, "g"), X],
  }),
  ...accepted({ number: 56 }, [
    [
      "global headers, and records that override them",
      [
        paxHeader({ comment: "0123456789abcdef", mtime: "7" }, "g"),
        file("a", "a"),
        withRecords({ mtime: "8" }, file("b", "b")),
        paxHeader({ mtime: "" }, "g"),
        file("c", "c", { mtime: 9 }),
      ],
      { "/a": { mtime: 7 }, "/b": { mtime: 8 }, "/c": { mtime: 9 } },
    ],
    [
      "a long name and the same PAX path",
      [gnuLongName("L", "x"), paxHeader({ path: "x" }), X],
      HAS_X,
    ],
  ]),
  ...failing({ number: 57 }, "refused", "invalid-layer", {
    "a negative size (GHSA-8x88-c5mf-7j5w)": () => sized(base256(-1, 12)),
    "a size of 2^63 - 1": () => sized(base256(2n ** 63n - 1n, 12)),
    "a size that is no octal number": () => sized("0000000009x"),
    "a negative PAX size": () => [withRecords({ size: "-1" }, X)],
    "a negative size of a PAX header": () => [
      rawHeader({ name: "p", typeFlag: "x", size: base256(-512, 12) }),
      X,
    ],
  }),
  ...failing({ number: 57 }, "refused", "truncated", {
    "a size larger than what is left": () => sized(1_000_000),
    "a size of 2^52, and three bytes": () => sized(base256(2 ** 52, 12)),
  }),
  ...failing({ number: 58 }, "refused", "invalid-layer", {
    "a PAX record that is longer than it says": () => records("5 path=abc\n"),
    "a PAX record that is shorter than it says": () => records("99 path=abc\n"),
    "a PAX record of length 0": () => records("0 path=abc\n"),
    "a PAX record whose length is no number": () => records("x2 path=abc\n"),
    "a PAX record of negative length": () => records("-11 path=a\n"),
    "a PAX record without an equals sign": () => records("8 patha\n"),
    "a PAX header that ends in the middle": () => records("12"),
  }),
  ...failing({ number: 58 }, "limited", "limit-exceeded", {
    "a PAX header of more than 4 MiB": () => [withRecords({ comment: new Uint8Array(4 << 20) }, X)],
    "a PAX header of a million records": () => [
      paxHeader(new Uint8Array(Buffer.from("6 a=b\n".repeat(1_000_000)))),
      X,
    ],
    "a PAX header that says it is 1 TiB": () => [
      rawHeader({ name: "p", typeFlag: "x", size: base256(2 ** 40, 12) }),
    ],
    "global headers that cost every entry": () =>
      Array.from({ length: 20 }, (_, at) =>
        joinBytes(paxHeader({ [`k${at}`]: "v".repeat(1000) }, "g"), X),
      ),
  }),
  ...accepted({ number: 58 }, [
    [
      "ten thousand records",
      [
        paxHeader(
          joinBytes(...Array.from({ length: 10_000 }, (_, at) => paxRecord(`k${at}`, "v"))),
        ),
        X,
      ],
      HAS_X,
    ],
    [
      "Solaris' older extended headers",
      [paxHeader({ path: "y" }, "X"), X],
      { "/y": { content: "abc" } },
    ],
  ]),
  endingWith(
    "a wrong checksum",
    "refused",
    joinBytes(X, rawHeader({ name: "y", checksum: "0000000\0" })),
  ),
  endingWith("no tar at all", "refused", raw("this is no tar".repeat(100))),
  endingWith("a header that is cut off", "refused", joinBytes(X, X.subarray(0, 300))),
  endingWith("content that is cut off", "refused", joinBytes(X, X.subarray(0, 513))),
  endingWith(
    "an extended header without an entry",
    "refused",
    joinBytes(X, paxHeader({ path: "a" })),
  ),
  endingWith(
    "one block of zeros, then more entries",
    "refused",
    joinBytes(X, END_OF_TAR.subarray(512), INNER, END_OF_TAR),
  ),
  endingWith("no end", "accepted", X, HAS_X),
  endingWith("no last padding", "accepted", X.subarray(0, 515), HAS_X),
  endingWith("one block of zeros", "accepted", joinBytes(X, END_OF_TAR.subarray(512)), HAS_X),
  endingWith("zeros after the end", "accepted", joinBytes(X, new Uint8Array(20_480)), HAS_X),
  endingWith("no entries", "accepted", END_OF_TAR, {}),
  endingWith("no bytes", "accepted", new Uint8Array(), {}),
  endingWith("entries after the end", "accepted", joinBytes(X, END_OF_TAR, INNER, raw("junk")), {
    ...HAS_X,
    "/smuggled": { type: "absent" },
  }),
  ...accepted({ number: 61 }, [
    [
      "sizes of what has no content",
      [
        directory("d", { size: 1024 }),
        symlink("l", "x", { size: 7 }),
        entry("6", "p", { size: 512 }),
        X,
      ],
      { ...HAS_X, "/d": { type: "directory" }, "/l": { type: "symlink" }, "/p": { type: "fifo" } },
    ],
    [
      "a hard link with the size of its target and no content, as old tars write it",
      [X, hardlink("h", "x", { size: 3 }), file("y", "next")],
      { ...HAS_X, "/h": { sameAs: "/x" }, "/y": { content: "next" } },
    ],
    [
      "a hard link with content, as POSIX allows",
      [X, rawEntry({ name: "h", typeFlag: "1", linkName: "x" }, "abc"), file("y", "next")],
      { ...HAS_X, "/h": { sameAs: "/x" }, "/y": { content: "next" } },
    ],
  ]),
  ...failing({ number: 61 }, "refused", "invalid-layer", {
    "a hard link whose content of zeros passes for the end": () => [
      X,
      rawEntry({ name: "h", typeFlag: "1", linkName: "x" }, new Uint8Array(2048)),
      INNER,
    ],
  }),
  {
    number: 62,
    name: "more entries than allowed",
    expect: "limited",
    codes: ["limit-exceeded"],
    limits: { entries: 20_000 },
    build: () => ({ layers: [{ blob: () => manyEntries(20_001) }] }),
  },
  {
    number: 62,
    name: "a hundred thousand directories within each other",
    expect: "limited",
    codes: ["limit-exceeded"],
    build: () => oneLayer([withRecords({ path: "d/".repeat(100_000) }, entry("5", "d"))]),
  },
  {
    number: 62,
    name: "more directories than entries allowed, though none has an entry",
    expect: "limited",
    codes: ["limit-exceeded"],
    limits: { entries: 20_000 },
    build: () => ({ layers: [{ blob: () => deepNames(3) }] }),
  },
];

/** Empty files, which repeat a thousand names. */
function* manyEntries(count: number): Iterable<Uint8Array> {
  const headers = joinBytes(
    ...Array.from({ length: 1000 }, (_, at) => rawHeader({ name: `d${at % 10}/f${at}` })),
  );
  for (let left = count; left > 0; left -= 1000) yield headers.subarray(0, 512 * left);
  yield END_OF_TAR;
}

/** Files at the end of long paths that have nothing in common. */
function* deepNames(count: number): Iterable<Uint8Array> {
  for (let at = 0; at < count; at += 1) {
    yield withRecords({ path: `${at}/${"d/".repeat(10_000)}x` }, file("x"));
  }
  yield END_OF_TAR;
}
