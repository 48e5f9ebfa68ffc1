// SPDX-License-Identifier: MIT
import type { HostileCase } from "./hostile-case.ts";
import { directory, file, hardlink, oneLayer, symlink } from "./layer-parts.ts";

const WRITTEN = "written by the image";
const FILE = { type: "file", content: WRITTEN } as const;

/** Hard links to targets outside the root, to missing targets, and to links. */
export const hardLinkCases: readonly HostileCase[] = [
  {
    number: 8,
    name: "a hard link up and out",
    expect: "refused",
    codes: ["path-escape"],
    build: ({ up }) => oneLayer([hardlink("h", `${up}/file`), file("h", WRITTEN)]),
  },
  {
    number: 8,
    name: "a hard link to an absolute path that only the host has",
    expect: "refused",
    codes: ["invalid-layer"],
    build: ({ canary }) => oneLayer([hardlink("h", `${canary}/file`), file("other", WRITTEN)]),
  },
  {
    number: 9,
    name: "a hard link to an absolute path of the image",
    expect: "accepted",
    build: () =>
      oneLayer([file("etc/passwd", "root"), hardlink("h", "/etc/passwd")], {
        "/h": { content: "root", sameAs: "/etc/passwd" },
      }),
  },
  {
    number: 10,
    name: "a hard link through a link to a directory of the host",
    expect: "refused",
    codes: ["invalid-layer"],
    build: ({ canary }) => oneLayer([symlink("d", canary), hardlink("h", "d/file")]),
  },
  {
    number: 10,
    name: "a hard link through a link to a directory of the image",
    expect: "contained",
    build: ({ canary }) =>
      oneLayer([file(`${canary}/file`, WRITTEN), symlink("d", canary), hardlink("h", "d/file")], {
        "/h": { ...FILE, sameAs: `${canary}/file` },
      }),
  },
  {
    number: 11,
    name: "a hard link to what only the working directory has (CVE-2026-50163)",
    expect: "refused",
    codes: ["invalid-layer"],
    build: ({ inWorkingDirectory }) => oneLayer([hardlink("h", inWorkingDirectory)]),
  },
  {
    number: 12,
    name: "a hard link to a symbolic link, with a mode, an owner and a time of its own",
    expect: "contained",
    build: ({ canary }) =>
      oneLayer(
        [
          symlink("l", `${canary}/setuid`),
          hardlink("h", "l", { mode: 0o777, uid: 7, gid: 7, mtime: 7 }),
        ],
        { "/h": { type: "symlink", linkTarget: `${canary}/setuid`, sameAs: "/l" } },
      ),
  },
  {
    number: 12,
    name: "a file in place of a hard link to a symbolic link",
    expect: "contained",
    build: ({ canary }) =>
      oneLayer([symlink("l", `${canary}/file`), hardlink("h", "l"), file("h", WRITTEN)], {
        "/h": FILE,
        "/l": { type: "symlink" },
      }),
  },
  {
    number: 13,
    name: "a hard link before its target",
    expect: "accepted",
    build: () =>
      oneLayer([hardlink("h", "f"), file("f", "later")], {
        "/h": { content: "later", sameAs: "/f" },
      }),
  },
  {
    number: 13,
    name: "a hard link whose target never comes",
    expect: "refused",
    codes: ["invalid-layer"],
    build: () => oneLayer([hardlink("h", "f")]),
  },
  {
    number: 13,
    name: "hard links to each other, and to itself",
    expect: "refused",
    codes: ["invalid-layer"],
    build: () => oneLayer([hardlink("a", "b"), hardlink("b", "a"), hardlink("c", "c")]),
  },
  {
    number: 13,
    name: "a hard link to a directory",
    expect: "refused",
    codes: ["invalid-layer"],
    build: () => oneLayer([directory("d"), hardlink("h", "d")]),
  },
];
