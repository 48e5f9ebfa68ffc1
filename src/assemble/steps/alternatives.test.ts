// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { formatAlternatives, installAlternative, parseAlternatives } from "./alternatives.ts";
import type { AlternativeStep } from "../recipe/recipe.ts";

/** The record in Debian 12 with gcc-12 and clang-14 installed. */
const DEBIAN_CC = `auto
/usr/bin/cc
cc.1.gz
/usr/share/man/man1/cc.1.gz

/usr/bin/clang
10

/usr/bin/gcc
20
/usr/share/man/man1/gcc.1.gz

`;

const GCC: AlternativeStep = {
  kind: "alternative",
  name: "cc",
  link: "/usr/bin/cc",
  path: "/opt/gcc-16.2.0/bin/gcc",
  priority: 150,
};

describe("dpkg's record of an alternative", () => {
  it("is read and written back byte for byte", () => {
    expect(formatAlternatives(parseAlternatives(DEBIAN_CC, "cc"))).toBe(DEBIAN_CC);
  });

  it("gets the new choice in dpkg's order and stays automatic if that choice is the best", () => {
    const record = installAlternative(parseAlternatives(DEBIAN_CC, "cc"), GCC);
    expect(formatAlternatives(record)).toBe(
      DEBIAN_CC.replace("\n\n/usr/bin/clang", "\n\n/opt/gcc-16.2.0/bin/gcc\n150\n\n/usr/bin/clang"),
    );
  });

  it("becomes manual if another choice has a higher priority, or has the same and comes first", () => {
    const cc = parseAlternatives(DEBIAN_CC, "cc");
    expect(installAlternative(cc, { ...GCC, priority: 5 }).status).toBe("manual");
    expect(installAlternative(cc, { ...GCC, path: "/usr/bin/tcc", priority: 20 }).status).toBe(
      "manual",
    );
  });

  it("is created if the base has none", () => {
    expect(formatAlternatives(installAlternative(undefined, GCC))).toBe(
      "auto\n/usr/bin/cc\n\n/opt/gcc-16.2.0/bin/gcc\n150\n\n",
    );
  });

  it("replaces a choice that has the same path and drops a slave that no choice has", () => {
    const slaves = [
      { name: "z", link: "/usr/bin/z", path: "/opt/z" },
      { name: "a", link: "/usr/bin/a", path: "/opt/a" },
    ];
    const first = installAlternative(undefined, { ...GCC, slaves });
    expect(formatAlternatives(first)).toBe(
      "auto\n/usr/bin/cc\na\n/usr/bin/a\nz\n/usr/bin/z\n\n/opt/gcc-16.2.0/bin/gcc\n150\n/opt/a\n/opt/z\n\n",
    );
    expect(installAlternative(first, { ...GCC, priority: 7 })).toMatchObject({
      slaves: [],
      choices: [{ priority: 7 }],
    });
  });

  it("refuses a different link for the same name", () => {
    const cc = parseAlternatives(DEBIAN_CC, "cc");
    expect(() => installAlternative(cc, { ...GCC, link: "/usr/local/bin/cc" })).toThrow(
      /expected the link that is there already, \/usr\/bin\/cc/,
    );
    const slaves = [{ name: "cc.1.gz", link: "/elsewhere", path: "/x" }];
    expect(() => installAlternative(cc, { ...GCC, slaves })).toThrow(/link of cc\.1\.gz/);
  });

  it.each([
    ["", "auto or manual"],
    ["auto\n", "an absolute link"],
    ["auto\n/usr/bin/cc\nslave\n", "a slave"],
    ["auto\n/usr/bin/cc\n\n/usr/bin/gcc\nhigh\n", "a priority"],
    ["auto\n/usr/bin/cc\n\n/usr/bin/gcc\n20", "a choice"],
  ])("is refused rather than overwritten if it is damaged: %j", (text, expected) => {
    const parse = (): unknown => parseAlternatives(text, "base:/x");
    expect(parse).toThrow(expect.objectContaining({ code: "unreadable" }));
    expect(parse).toThrow(expected);
  });
});
