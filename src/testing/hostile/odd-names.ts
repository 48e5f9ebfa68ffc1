// SPDX-License-Identifier: MIT
import { joinBytes, paxHeader, paxRecord } from "../raw-tar.ts";
import type { HostileCase, TreeFacts } from "./hostile-case.ts";
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

/** One file for each name, with the name as its content. All of them must be in the resulting tree. */
function allNames(names: readonly string[]): ReturnType<HostileCase["build"]> {
  const facts = names.map((name) => [`/${asBytes(name)}`, { content: asBytes(name) }] as const);
  return oneLayer(
    names.map((name) => file(name, name)),
    Object.fromEntries(facts),
  );
}

/** The UTF-8 bytes of a text, each as one character. */
function asBytes(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

const DEEP = "d/".repeat(2100);

/** Names that mean something else on other systems, that are not text, that are too long, or that are equal. */
export const nameCases: readonly HostileCase[] = [
  {
    number: 27,
    name: "names that mean something on Windows",
    expect: "accepted",
    build: () =>
      oneLayer(
        [
          file("C:../x", "1"),
          file("C:\\x", "2"),
          file("\\\\?\\C:\\x", "3"),
          file("a\\..\\..\\b", "4"),
          file("CON", "5"),
          file("dot.", "6"),
          file("space ", "7"),
          file("file:stream", "8"),
        ],
        {
          "/C:../x": { content: "1" },
          "/C:\\x": { content: "2" },
          "/\\\\?\\C:\\x": { content: "3" },
          "/a\\..\\..\\b": { content: "4" },
          "/CON": { content: "5" },
          "/dot.": { content: "6" },
          "/space ": { content: "7" },
          "/file:stream": { content: "8" },
        },
      ),
  },
  ...["path", "linkpath"].map((key): HostileCase => ({
    number: 28,
    name: `a NUL in the PAX ${key}`,
    expect: "refused",
    codes: ["invalid-layer"],
    build: () => oneLayer([withRecords({ [key]: "a\0b" }, symlink("l", "target"))]),
  })),
  {
    number: 28,
    name: "a path of more than 64 KiB",
    expect: "limited",
    codes: ["limit-exceeded"],
    build: () => oneLayer([withRecords({ path: "x/".repeat(32_769) }, file("x"))]),
  },
  {
    number: 28,
    name: "a link target of more than 64 KiB",
    expect: "limited",
    codes: ["limit-exceeded"],
    build: () => oneLayer([withRecords({ linkpath: "x".repeat(65_537) }, symlink("x", "y"))]),
  },
  {
    number: 28,
    name: "a name of more than 255 bytes",
    expect: "refused",
    refusedOnDisk: true,
    build: () => oneLayer([file(`d/${"n".repeat(256)}`, "x")]),
  },
  {
    number: 28,
    name: "a link target of more than 4095 bytes",
    expect: "refused",
    refusedOnDisk: true,
    build: () => oneLayer([symlink("l", "t".repeat(5000))]),
  },
  {
    number: 28,
    name: "a path longer than the system takes at once",
    expect: "accepted",
    build: () => oneLayer([file(`${DEEP}x`, "deep")], { "/d/d/d": { type: "directory" } }),
  },
  {
    number: 29,
    name: "names that differ in case only",
    expect: "accepted",
    build: () => allNames(["A", "a", "Dir/x", "dir/X", "dir/x"]),
  },
  {
    number: 30,
    name: "names that differ in Unicode's forms only",
    expect: "accepted",
    build: () => allNames(["\u00e9", "e\u0301", "stra\u00dfe", "strasse", "\ufb01", "fi"]),
  },
  {
    number: 31,
    name: "names that are not UTF-8",
    expect: "accepted",
    build: () =>
      oneLayer(
        [
          file("", "1", { name: raw("caf\xe9") }),
          directory("", { name: raw("\xff\xfe/") }),
          file("", "2", { name: raw("\xff\xfe/\xc3\x28") }),
          symlink("", "", { name: raw("\x80"), linkName: raw("\xc0\xaf") }),
          hardlink("", "", { name: raw("\xf0\x80"), linkName: raw("caf\xe9") }),
          withRecords({ path: raw("pax\xe9") }, file("x", "3")),
        ],
        {
          "/caf\xe9": { content: "1" },
          "/\xff\xfe": { type: "directory" },
          "/\xff\xfe/\xc3\x28": { content: "2" },
          "/\x80": { linkTarget: "\xc0\xaf" },
          "/\xf0\x80": { sameAs: "/caf\xe9" },
          "/pax\xe9": { content: "3" },
        },
      ),
  },
  {
    number: 32,
    name: "names that write to the terminal",
    expect: "accepted",
    build: () =>
      allNames(["\u001b[2J\u001b]0;title\u0007", "new\nline", "\r", "\u202egnp.exe", "\u007f"]),
  },
  {
    number: 32,
    name: "a name that writes to the terminal, in an error",
    expect: "refused",
    codes: ["invalid-layer"],
    build: () => oneLayer([hardlink("\u001b[2J\nname", "\u001b[2J\ntarget")]),
  },
  ...duplicates(),
  ...paxNames(),
];

/** For attack 33: the same path more than once. */
function duplicates(): HostileCase[] {
  const variants: readonly [string, Uint8Array[], TreeFacts][] = [
    ["the last wins", [file("f", "first"), file("f", "last")], { "/f": { content: "last" } }],
    [
      "under two spellings",
      [file("d/f", "first"), file("./d//x/../f", "last")],
      { "/d/f": { content: "last" } },
    ],
    [
      "a directory over a file",
      [file("f", "file"), directory("f"), file("f/x", "x")],
      { "/f": { type: "directory" }, "/f/x": { content: "x" } },
    ],
    [
      "a file over a directory that is not empty",
      [directory("d"), file("d/x"), file("d", "file")],
      { "/d": { type: "file", content: "file" } },
    ],
    [
      "a directory twice keeps what is in it",
      [directory("d", { mode: 0o700 }), file("d/x", "x"), directory("d", { mode: 0o711 })],
      { "/d": { type: "directory", mode: 0o711 }, "/d/x": { content: "x" } },
    ],
    [
      "a link over a file over a pipe",
      [entry("6", "f"), file("f", "file"), symlink("f", "target")],
      { "/f": { type: "symlink", linkTarget: "target" } },
    ],
    [
      "the source of a hard link again",
      [file("f", "first"), hardlink("h", "f"), file("f", "second")],
      { "/f": { content: "second" }, "/h": { content: "first" } },
    ],
    [
      "a hard link again",
      [file("f", "first"), hardlink("h", "f"), file("h", "second")],
      { "/f": { content: "first" }, "/h": { content: "second" } },
    ],
  ];
  return variants.map(([name, parts, tree]) => ({
    number: 33,
    name: `duplicates: ${name}`,
    expect: "accepted",
    build: () => oneLayer(parts, tree),
  }));
}

/** For attack 34: PAX records that a careless reader misunderstands. */
function paxNames(): HostileCase[] {
  const proto = joinBytes(
    paxHeader(joinBytes(paxRecord("__proto__", "polluted"), paxRecord("constructor", "x"))),
    file("plain", "x"),
  );
  const pathNul: HostileCase = {
    number: 34,
    name: "a PAX path that ends in a NUL",
    expect: "refused",
    codes: ["invalid-layer"],
    build: () => oneLayer([withRecords({ path: "a\0" }, file("x"))]),
  };
  const accepted: readonly [string, Uint8Array[], TreeFacts][] = [
    [
      "a PAX path that is a number",
      [withRecords({ path: "12345" }, file("x", "n"))],
      { "/12345": { content: "n" } },
    ],
    ["an empty PAX path", [withRecords({ path: "" }, file("x", "e"))], { "/x": { content: "e" } }],
    ["PAX keywords of a prototype", [proto], { "/plain": { content: "x" } }],
    [
      "names of a prototype",
      ["__proto__", "constructor", "toString", "d/__proto__/x"].map((name) => file(name, "x")),
      {
        "/__proto__": { content: "x" },
        "/constructor": { content: "x" },
        "/toString": { content: "x" },
        "/d/__proto__/x": { content: "x" },
      },
    ],
  ];
  const others = accepted.map(([name, parts, tree]): HostileCase => ({
    number: 34,
    name,
    expect: "accepted",
    build: () => oneLayer(parts, tree),
  }));
  return [pathNul, ...others];
}
