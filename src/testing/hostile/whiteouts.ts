// SPDX-License-Identifier: MIT
import type { HostileCase, TreeFact, TreeFacts, Numbered } from "./hostile-case.ts";
import {
  directory,
  entry,
  file,
  hardlink,
  layers,
  oneLayer,
  symlink,
  withRecords,
} from "./layer-parts.ts";

const ABSENT: TreeFact = Object.freeze({ type: "absent" });
const OPAQUE = ".wh..wh..opq";

type Variant = readonly [name: string, lower: Uint8Array[], upper: Uint8Array[], tree: TreeFacts];

function overLower(
  { number }: Numbered,
  expect: "accepted" | "contained",
  variants: readonly Variant[],
): HostileCase[] {
  return variants.map(([name, lower, upper, tree]) => ({
    number,
    name,
    expect,
    build: () => layers([lower, upper], tree),
  }));
}

const LOWER = [directory("d"), file("d/a", "a"), file("d/b", "b")];

/** Whiteouts that name nothing, that lead out of the root, or that are more than an empty file. */
export const whiteoutCases: readonly HostileCase[] = [
  ...[".wh..", ".wh...", "a/.wh..", ".wh.", "a/.wh.", ".wh..wh.x", "a/.wh..wh..wh..opq"].map(
    (name): HostileCase => ({
      number: 35,
      name: `a whiteout named ${name}`,
      expect: "refused",
      codes: ["invalid-layer"],
      build: () => layers([[file("a/x", "kept")], [file(name)]]),
    }),
  ),
  {
    number: 35,
    name: "a whiteout up and out",
    expect: "refused",
    codes: ["path-escape"],
    build: ({ up }) => oneLayer([file(`${up}/.wh.file`)]),
  },
  ...overLower({ number: 36 }, "accepted", [
    [
      "an opaque root",
      [...LOWER, file("f")],
      [file(OPAQUE), file("new", "n")],
      { "/d": ABSENT, "/f": ABSENT, "/new": { content: "n" } },
    ],
    [
      "an opaque directory, said after its new files",
      LOWER,
      [file("d/new", "n"), file(`d/${OPAQUE}`)],
      { "/d/a": ABSENT, "/d/new": { content: "n" } },
    ],
    [
      "an opaque directory, said before its new files",
      LOWER,
      [file(`d/${OPAQUE}`), file("d/new", "n")],
      { "/d/a": ABSENT, "/d/new": { content: "n" } },
    ],
    [
      "an opaque directory that is not there",
      LOWER,
      [file(`no/such/${OPAQUE}`)],
      { "/no": ABSENT },
    ],
  ]),
  {
    number: 36,
    name: "an opaque directory behind a link to the canary",
    expect: "contained",
    build: ({ canary }) =>
      layers([[symlink("l", canary), file(`${canary}/inside`, "x")], [file(`l/${OPAQUE}`)]], {
        "/l": { type: "symlink" },
        [`${canary}/inside`]: ABSENT,
      }),
  },
  ...overLower({ number: 37 }, "accepted", [
    [
      "opaque, then a whiteout",
      LOWER,
      [file(`d/${OPAQUE}`), file("d/.wh.a"), file("d/c", "c")],
      { "/d/a": ABSENT, "/d/b": ABSENT, "/d/c": { content: "c" } },
    ],
    [
      "a whiteout, then opaque",
      LOWER,
      [file("d/.wh.a"), file("d/c", "c"), file(`d/${OPAQUE}`)],
      { "/d/a": ABSENT, "/d/b": ABSENT, "/d/c": { content: "c" } },
    ],
  ]),
  ...overLower({ number: 38 }, "accepted", [
    [
      "a whiteout of a link leaves what it leads to",
      [...LOWER, symlink("l", "d")],
      [file(".wh.l")],
      { "/l": ABSENT, "/d/a": { content: "a" } },
    ],
  ]),
  {
    number: 38,
    name: "a whiteout of a link to the canary",
    expect: "contained",
    build: ({ canary }) => layers([[symlink("l", canary)], [file(".wh.l")]], { "/l": ABSENT }),
  },
  {
    number: 39,
    name: "whiteouts through a link to the canary",
    expect: "contained",
    build: ({ canary }) =>
      layers(
        [
          [symlink("l", canary), file(`${canary}/directory/inside`, "x")],
          [file("l/.wh.file"), file("l/.wh.directory")],
        ],
        { [`${canary}/directory`]: ABSENT, "/l": { type: "symlink" } },
      ),
  },
  {
    number: 40,
    name: "a directory whose name starts as a whiteout's",
    expect: "accepted",
    build: () =>
      layers([[file("etc/x", "x")], [file(".wh.etc/somefile", "s")]], {
        "/etc/x": { content: "x" },
        "/.wh.etc/somefile": { content: "s" },
      }),
  },
  ...overLower({ number: 41 }, "accepted", [
    [
      "AUFS' bookkeeping",
      LOWER,
      [
        directory(".wh..wh.plnk"),
        file(".wh..wh.plnk/1.2"),
        file(".wh..wh.aufs"),
        directory(".wh..wh.orph"),
      ],
      { "/d/a": { content: "a" }, "/.wh..wh.plnk": ABSENT, "/.wh..wh.aufs": ABSENT },
    ],
  ]),
  ...overLower({ number: 42 }, "accepted", [
    [
      "a whiteout of one name of two",
      [file("f", "shared"), hardlink("h", "f")],
      [file(".wh.f")],
      { "/f": ABSENT, "/h": { content: "shared" } },
    ],
  ]),
  ...overLower({ number: 43 }, "accepted", [
    [
      "whiteouts of what is there again as something else",
      [...LOWER, file("f", "f"), symlink("l", "d")],
      [
        file(".wh.d"),
        file("d", "file"),
        file(".wh.f"),
        directory("f"),
        file(".wh.l"),
        entry("6", "l"),
      ],
      {
        "/d": { type: "file", content: "file" },
        "/f": { type: "directory" },
        "/l": { type: "fifo" },
      },
    ],
    [
      "what is there again as something else, then its whiteout",
      LOWER,
      [file("d", "file"), file(".wh.d")],
      { "/d": { type: "file", content: "file" } },
    ],
  ]),
  ...overLower({ number: 44 }, "accepted", [
    ["a whiteout with content", LOWER, [file("d/.wh.a", "content")], { "/d/a": ABSENT }],
    [
      "a whiteout with attributes",
      LOWER,
      [withRecords({ "SCHILY.xattr.user.a": "b" }, file("d/.wh.a", "", { mode: 0o4777 }))],
      { "/d/a": ABSENT, "/d/.wh.a": ABSENT },
    ],
    [
      "a whiteout that is a hard link",
      LOWER,
      [hardlink("d/.wh.a", "d/b")],
      { "/d/a": ABSENT, "/d/b": { content: "b" } },
    ],
    [
      "a whiteout that is a link",
      LOWER,
      [symlink("d/.wh.a", "b")],
      { "/d/a": ABSENT, "/d/.wh.a": ABSENT },
    ],
  ]),
  ...overLower({ number: 45 }, "accepted", [
    [
      "overlayfs' own marks are attributes and devices, and remove nothing",
      LOWER,
      [
        withRecords({ "SCHILY.xattr.trusted.overlay.opaque": "y" }, directory("d")),
        entry("3", "dev", { deviceMajor: 0, deviceMinor: 0 }),
      ],
      { "/d/a": { content: "a" }, "/dev": { type: "character" } },
    ],
  ]),
];
