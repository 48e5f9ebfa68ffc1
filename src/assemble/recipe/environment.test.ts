// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { expandVariables, findContradictions, mergeEnvironment } from "./environment.ts";

const base = ["PATH=/usr/bin:/bin", "LANG=C.UTF-8", "EMPTY="];

describe("the environment of the new image", () => {
  it("keeps the base's variables and replaces values in place", () => {
    expect(mergeEnvironment(base, { LANG: "C", NEW: "1" }, {})).toEqual([
      "PATH=/usr/bin:/bin",
      "LANG=C",
      "EMPTY=",
      "NEW=1",
    ]);
  });

  it("resolves a name to the recipe's variable first, then to the environment so far", () => {
    const changes = { PREFIX: "/opt/gcc-${GCC_VERSION}", PATH: "${PREFIX}/bin:${PATH}${EMPTY}" };
    expect(mergeEnvironment(base, changes, { GCC_VERSION: "16.2.0" })).toEqual([
      "PATH=/opt/gcc-16.2.0/bin:/usr/bin:/bin",
      "LANG=C.UTF-8",
      "EMPTY=",
      "PREFIX=/opt/gcc-16.2.0",
    ]);
  });

  it("prefers the recipe's version of a variable to that of an older base (gcc 16.2.0, not /opt/gcc-16.1.0)", () => {
    const old = ["GCC_VERSION=16.1.0", "PATH=/usr/bin"];
    const changes = {
      GCC_VERSION: "${GCC_VERSION}",
      PATH: "/opt/gcc-${GCC_VERSION}/bin:${PATH}",
      BUILT_ON: "${base.GCC_VERSION}",
    };
    expect(mergeEnvironment(old, changes, { GCC_VERSION: "16.2.0" })).toEqual([
      "GCC_VERSION=16.2.0",
      "PATH=/opt/gcc-16.2.0/bin:/usr/bin",
      "BUILT_ON=16.1.0",
    ]);
  });

  it("does not define ${base.NAME} for a variable that the base lacks, even if the recipe sets NAME", () => {
    const changes = { NEW: "1", OTHER: "${base.NEW}" };
    expect(() => mergeEnvironment(base, changes, { NEW: "2" })).toThrow(
      expect.objectContaining({
        code: "invalid-recipe",
        message: "config.env.OTHER: ${base.NEW} is not defined",
      }),
    );
  });

  it("reports which variables the base's environment contradicts", () => {
    const old = ["GCC_VERSION=16.1.0", "LLVM=22", "SAME=1", "ARCH=x86_64", "TRIPLET=x"];
    const variables = { GCC_VERSION: "16.2.0", LLVM: "23", SAME: "1", ARCH: "amd64", TRIPLET: "y" };
    const changes = { GCC_VERSION: "${GCC_VERSION}", A: "${ARCH}" };
    expect(findContradictions(old, changes, variables)).toEqual([
      { name: "GCC_VERSION", base: "16.1.0", variable: "16.2.0", isSet: true },
      { name: "LLVM", base: "22", variable: "23", isSet: false },
      { name: "ARCH", base: "x86_64", variable: "amd64", isSet: false },
    ]);
  });

  it("never turns an undefined variable into an empty string, which would put /bin into PATH by accident", () => {
    expect(() => mergeEnvironment([], { PATH: "${CARGO_HOME}/bin", CARGO_HOME: "/c" }, {})).toThrow(
      expect.objectContaining({
        code: "invalid-recipe",
        message: "config.env.PATH: ${CARGO_HOME} is not defined",
      }),
    );
    expect(() => mergeEnvironment([], { A: "${constructor}" }, {})).toThrow(/not defined/);
  });

  it("refuses a variable name that no shell could read", () => {
    expect(() => mergeEnvironment([], { "A=B": "x" }, {})).toThrow(/A=B/);
  });
});

describe("a value with dollar signs", () => {
  const lookup = (name: string): string | undefined => (name === "A" ? "${B}$$" : undefined);

  it("turns $$ into one dollar sign and does not expand inserted values again", () => {
    expect(expandVariables("$${A} costs $$5: ${A}", lookup, "here")).toBe("${A} costs $5: ${B}$$");
  });

  it.each(["$A", "${}", "${A", "${A:-x}", "ends with $"])("is refused if it is %s", (text) => {
    expect(() => expandVariables(text, lookup, "labels.x")).toThrow(/^labels\.x: expected/);
  });
});
