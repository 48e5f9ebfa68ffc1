// SPDX-License-Identifier: MIT
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import type { HostileCase, TreeFacts, Numbered } from "./hostile-case.ts";
import { directory, file, layers, oneLayer, symlink } from "./layer-parts.ts";

const WRITTEN = "written by the image";
const FILE = { type: "file", content: WRITTEN } as const;
const MANY = 10_000;
const SOME = 500;

/** An image with a link `l` to the canary and a file written through it, and where that file must land. */
function through(
  { number }: Numbered,
  name: string,
  target: (canary: string, up: string) => string,
): HostileCase {
  return {
    number,
    name,
    expect: "contained",
    build: ({ canary, up }) =>
      oneLayer(
        [
          symlink("l", target(canary, up)),
          file("l/new", WRITTEN),
          file("l/file", WRITTEN),
          file("l/setuid", WRITTEN, { mode: 0o777 }),
        ],
        {
          "/l": { type: "symlink", linkTarget: target(canary, up) },
          [`${canary}/new`]: FILE,
          [`${canary}/file`]: FILE,
          [`${canary}/setuid`]: { ...FILE, mode: 0o777 },
        },
      ),
  };
}

const MORE_UP = "../".repeat(40);

/** Symbolic links that lead out of the root, with files written through them, which must land inside. */
export const symbolicLinkCases: readonly HostileCase[] = [
  through({ number: 3 }, "an absolute link, then files through it", (canary) => canary),
  through({ number: 4 }, "a link with .. in its middle", (canary) => `/dummy/..${canary}`),
  through({ number: 4 }, "a link that clamps at the root", (canary) => `/../../..${canary}`),
  through({ number: 6 }, "a relative link up and out", (canary) => `${MORE_UP}${canary.slice(1)}`),
  {
    number: 5,
    name: "a chain of links",
    expect: "contained",
    build: ({ canary }) =>
      oneLayer([symlink("d/etc", canary), symlink("l", "/d/etc"), file("l/new", WRITTEN)], {
        [`${canary}/new`]: FILE,
        "/d/etc": { type: "symlink" },
      }),
  },
  {
    number: 6,
    name: "a relative link up to the canary",
    expect: "contained",
    build: ({ up }) =>
      oneLayer([symlink("l", up), file("l/file", WRITTEN)], { "/canary/file": FILE }),
  },
  {
    number: 7,
    name: "an empty file through a link, and in place of a link",
    expect: "contained",
    build: ({ canary }) =>
      oneLayer(
        [symlink("l", canary), file("l/file"), symlink("leaf", `${canary}/file`), file("leaf")],
        { [`${canary}/file`]: { type: "file", size: 0 }, "/leaf": { type: "file", size: 0 } },
      ),
  },
  ...replacements(),
  {
    number: 17,
    name: "a directory over a link to a directory (no chmod through it)",
    expect: "contained",
    build: ({ canary }) =>
      layers([[symlink("d", `${canary}/directory`)], [directory("d/", { mode: 0o700, uid: 7 })]], {
        "/d": { type: "directory", mode: 0o700 },
      }),
  },
  {
    number: 18,
    name: "a parent that is a regular file",
    expect: "accepted",
    build: () =>
      oneLayer([file("f", "file"), file("f/x", "x")], {
        "/f": { type: "directory" },
        "/f/x": { content: "x" },
      }),
  },
  {
    number: 20,
    name: "a file through a loop of links",
    expect: "refused",
    codes: ["link-loop"],
    build: () => oneLayer([symlink("a", "b"), symlink("b", "a"), file("a/x", WRITTEN)]),
  },
  {
    number: 20,
    name: "a file through a chain of ten thousand links",
    expect: "refused",
    codes: ["link-loop"],
    build: () => oneLayer([...chain(MANY), file("l0/x", WRITTEN)]),
  },
  {
    number: 20,
    name: "a chain of links that nothing goes through",
    expect: "accepted",
    build: () => oneLayer(chain(SOME), { [`/l${SOME - 1}`]: { linkTarget: `l${SOME}` } }),
  },
  {
    number: 20,
    name: "long links that are followed again for every file",
    expect: "limited",
    codes: ["limit-exceeded"],
    build: () => {
      const target = (next: number): string => `${"./".repeat(32_000)}l${next}`;
      const long = Array.from({ length: 39 }, (_, at) => symlink(`l${at}`, target(at + 1)));
      const again = Array.from({ length: 50 }, (_, at) => [symlink("s", "x"), file(`l0/${at}`)]);
      return oneLayer([...long, ...again.flat()]);
    },
  },
  {
    number: 21,
    name: "absolute links, kept as they are",
    expect: "accepted",
    build: () =>
      oneLayer([symlink("lib64", "/usr/lib64"), symlink("odd", "//a/./b/../c/")], {
        "/lib64": { linkTarget: "/usr/lib64" },
        "/odd": { linkTarget: "//a/./b/../c/" },
      }),
  },
  {
    number: 22,
    name: "a dangling link and a link to itself",
    expect: "accepted",
    build: () =>
      oneLayer([symlink("dangling", "no/such"), symlink("self", "self")], {
        "/dangling": { linkTarget: "no/such" },
        "/self": { linkTarget: "self" },
      }),
  },
  {
    number: 26,
    name: "a destination with a link to the canary in it",
    expect: "refused",
    refusedOnDisk: true,
    prepare: (destination, { canary }) => symlinkSync(canary, join(destination, "etc")),
    build: () => oneLayer([directory("etc"), file("etc/file", WRITTEN), file("etc/new", WRITTEN)]),
  },
];

function chain(length: number): Uint8Array[] {
  return Array.from({ length }, (_, at) => symlink(`l${at}`, `l${at + 1}`));
}

/** For attack 16: directories that become links, and links that become directories, in one layer and in two. */
function replacements(): HostileCase[] {
  const cases: HostileCase[] = [];
  const add = (
    name: string,
    first: (canary: string) => Uint8Array[],
    second: (canary: string) => Uint8Array[],
    tree: (canary: string) => TreeFacts,
  ): void => {
    for (const [where, isOne] of [
      ["one layer", true],
      ["two layers", false],
    ] as const) {
      cases.push({
        number: 16,
        name: `${name}, in ${where}`,
        expect: "contained",
        build: ({ canary }) => {
          const stack = [first(canary), second(canary)];
          return layers(isOne ? [stack.flat()] : stack, tree(canary));
        },
      });
    }
  };
  add(
    "a directory that becomes a link, then a file below",
    () => [directory("d"), file("d/old", "old")],
    (canary) => [symlink("d", canary), file("d/file", WRITTEN)],
    (canary) => ({ "/d": { type: "symlink" }, [`${canary}/file`]: FILE }),
  );
  add(
    "a link that becomes a directory, then a file below",
    (canary) => [symlink("d", canary)],
    () => [directory("d"), file("d/file", WRITTEN)],
    (canary) => ({
      "/d": { type: "directory" },
      "/d/file": FILE,
      [`${canary}/file`]: { type: "absent" },
    }),
  );
  add(
    "a file in place of a link",
    (canary) => [symlink("f", `${canary}/file`)],
    () => [file("f", WRITTEN)],
    (canary) => ({ "/f": FILE, [`${canary}/file`]: { type: "absent" } }),
  );
  return cases;
}
