// SPDX-License-Identifier: MIT
import type { HostileCase } from "./hostile-case.ts";
import { directory, entry, file, layers, oneLayer, symlink } from "./layer-parts.ts";

const WRITTEN = "written by the image";
const FILE = { type: "file", content: WRITTEN } as const;

/** Entries whose names lead out of the root, replace it, or seem to do so; and entries without parents. */
export const pathCases: readonly HostileCase[] = [
  ...["../file", "a/../../file", "/../file", "./.././../file", "a/b/../../../file"].map(
    (name): HostileCase => ({
      number: 1,
      name: `the name ${name}`,
      expect: "refused",
      codes: ["path-escape"],
      build: () => oneLayer([file(name, WRITTEN)]),
    }),
  ),
  {
    number: 1,
    name: "a relative name that leads to the canary",
    expect: "refused",
    codes: ["path-escape"],
    build: ({ up }) => oneLayer([file(`${up}/file`, WRITTEN)]),
  },
  {
    number: 1,
    name: "a name with .. that stays inside",
    expect: "contained",
    build: () => oneLayer([file("a/../b/./c", WRITTEN)], { "/b/c": FILE }),
  },
  {
    number: 2,
    name: "an absolute name",
    expect: "contained",
    build: ({ canary }) =>
      oneLayer([file(`${canary}/file`, WRITTEN), file("//etc//passwd", WRITTEN)], {
        [`${canary}/file`]: FILE,
        "/etc/passwd": FILE,
      }),
  },
  ...[".", "./", "/", "", "a/.."].map((name): HostileCase => ({
    number: 14,
    name: `a symbolic link named "${name}" (CVE-2021-29136)`,
    expect: "refused",
    codes: ["invalid-layer"],
    build: ({ canary }) => layers([[symlink(name, canary)], [file("file", WRITTEN)]]),
  })),
  {
    number: 14,
    name: 'a symbolic link named ".."',
    expect: "refused",
    codes: ["path-escape"],
    build: ({ canary }) => oneLayer([symlink("..", canary)]),
  },
  ...["0", "1", "3", "6"].map((type): HostileCase => ({
    number: 14,
    name: `an entry of type ${type} in place of the root`,
    expect: "refused",
    codes: ["invalid-layer"],
    build: () => oneLayer([file("file"), entry(type, "./", { linkName: "file" })]),
  })),
  {
    number: 15,
    name: 'a symbolic link named "sub/.."',
    expect: "refused",
    codes: ["invalid-layer"],
    build: ({ canary }) =>
      oneLayer([directory("sub"), symlink("sub/..", canary), file("file", WRITTEN)]),
  },
  {
    number: 19,
    name: "a sibling whose name starts as the destination's (CVE-2025-59343)",
    expect: "refused",
    codes: ["path-escape"],
    build: (s) => oneLayer([file(`../${s.destination}-evil/file`, WRITTEN)]),
  },
  {
    number: 19,
    name: "a link to a sibling whose name starts as the destination's",
    expect: "contained",
    build: (s) =>
      oneLayer([symlink("l", `../${s.destination}-evil`), file("l/file", WRITTEN)], {
        [`/${s.destination}-evil/file`]: FILE,
      }),
  },
  {
    number: 23,
    name: "entries named . and ./ with and without a slash",
    expect: "accepted",
    build: () =>
      layers(
        [
          [directory("./"), file("./a", "a")],
          [directory("."), file("/./b", "b")],
        ],
        {
          "/a": { content: "a" },
          "/b": { content: "b" },
        },
      ),
  },
  {
    number: 23,
    name: "missing parents",
    expect: "accepted",
    build: () =>
      oneLayer([file("no/entry/for/these", "x")], {
        "/no/entry/for": { type: "directory", mode: 0o755 },
        "/no/entry/for/these": { content: "x" },
      }),
  },
];
