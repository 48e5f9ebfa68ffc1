// SPDX-License-Identifier: MIT
import { POLICIES, verifyFamily } from "../../../test/fixtures/family-image.ts";
import { findsEachAlone } from "../../../test/fixtures/seeded-defects.ts";

/** `/usr/bin/cc` as a link that takes so many hops to its compiler. */
function longWay(hops: number): Readonly<Record<string, { symlink: string }>> {
  const links = Array.from({ length: hops }, (_, at): [string, { symlink: string }] => [
    at === 0 ? "etc/alternatives/cc" : `etc/alternatives/cc${at}`,
    { symlink: at === hops - 1 ? "/opt/gcc/bin/gcc" : `/etc/alternatives/cc${at + 1}` },
  ]);
  return Object.fromEntries(links);
}

/** Without the rule of dangling links, which says the same of what leads nowhere. */
const verifyCompilers: typeof verifyFamily = (change) =>
  verifyFamily({ ...change, policies: POLICIES.filter(({ name }) => name !== "dangling") });

findsEachAlone(verifyFamily, [
  [
    "a compiler link with the wrong end",
    { files: { "etc/alternatives/cc": { symlink: "/usr/bin/python3" } } },
    ["link-wrong-end", "/usr/bin/cc", "compilers"],
  ],
  [
    "a compiler link that ends at the distribution's",
    {
      files: {
        "usr/lib/llvm-19/bin/clang": { symlink: "/usr/bin/python3" },
        "etc/alternatives/clang": { symlink: "/usr/lib/llvm-19/bin/clang" },
      },
    },
    ["link-wrong-end", "/bin/clang", "compilers"],
  ],
  [
    "a compiler link that is no link but a copy",
    { files: { "etc/alternatives/clang": { hardlink: "usr/bin/python3" } } },
    ["link-wrong-end", "/bin/clang", "compilers"],
  ],
  [
    "a compiler link that passes the alternatives by",
    { files: { "usr/bin/cc": { symlink: "/opt/gcc/bin/gcc" } } },
    ["link-wrong-way", "/usr/bin/cc", "compilers"],
  ],
  [
    "a compiler link that is absent",
    { files: { "usr/bin/cc": undefined } },
    ["link-missing", "/usr/bin/cc", "compilers"],
  ],
  [
    "a compiler link into a file",
    { files: { "etc/alternatives/clang": { symlink: "/opt/gcc/bin" } } },
    ["link-wrong-end", "/bin/clang", "compilers"],
  ],
]);

findsEachAlone(verifyCompilers, [
  [
    "a dangling alternative",
    { files: { "etc/alternatives/cc": { symlink: "/opt/gcc-17/bin/gcc" } } },
    ["link-dangling", "/usr/bin/cc", "compilers"],
  ],
  [
    "a link that only this machine could follow",
    { files: { "etc/alternatives/clang": { symlink: process.execPath } } },
    ["link-host-only", "/bin/clang", "compilers"],
  ],
  [
    "a loop of links",
    { files: { "etc/alternatives/cc": { symlink: "/usr/bin/cc" } } },
    ["link-loop", "/usr/bin/cc", "compilers"],
  ],
  ["a compiler behind 41 links", { files: longWay(40) }, ["link-loop", "/usr/bin/cc", "compilers"]],
  [
    "a link whose parent is a file",
    { files: { "etc/alternatives/cc": { symlink: "/etc/passwd/gcc" } } },
    ["link-dangling", "/usr/bin/cc", "compilers"],
  ],
]);
