// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { expandVariables, mergeEnvironment } from "./environment.ts";

const base = ["PATH=/usr/bin:/bin", "LANG=C.UTF-8", "EMPTY="];

describe("the environment of the new image", () => {
  it("keeps the base's, and replaces a value at its place", () => {
    expect(mergeEnvironment(base, { LANG: "C", NEW: "1" }, {})).toEqual([
      "PATH=/usr/bin:/bin",
      "LANG=C",
      "EMPTY=",
      "NEW=1",
    ]);
  });

  it("sees the base's value, then earlier keys, then the recipe's variables", () => {
    const changes = { PREFIX: "/opt/gcc-${GCC_VERSION}", PATH: "${PREFIX}/bin:${PATH}${EMPTY}" };
    expect(mergeEnvironment(base, changes, { GCC_VERSION: "16.2.0", PREFIX: "unseen" })).toEqual([
      "PATH=/opt/gcc-16.2.0/bin:/usr/bin:/bin",
      "LANG=C.UTF-8",
      "EMPTY=",
      "PREFIX=/opt/gcc-16.2.0",
    ]);
  });

  it("never turns an undefined variable into an empty string (a phantom /bin in PATH, 2026-08-27)", () => {
    expect(() => mergeEnvironment([], { PATH: "${CARGO_HOME}/bin", CARGO_HOME: "/c" }, {})).toThrow(
      expect.objectContaining({
        code: "invalid-recipe",
        message: "config.env.PATH: ${CARGO_HOME} is not defined",
      }),
    );
    expect(() => mergeEnvironment([], { A: "${constructor}" }, {})).toThrow(/not defined/);
  });

  it("refuses a name that no shell could read", () => {
    expect(() => mergeEnvironment([], { "A=B": "x" }, {})).toThrow(/A=B/);
  });
});

describe("a value with dollar signs", () => {
  const lookup = (name: string): string | undefined => (name === "A" ? "${B}$$" : undefined);

  it("writes $$ as one, and does not expand what was put in", () => {
    expect(expandVariables("$${A} costs $$5: ${A}", lookup, "here")).toBe("${A} costs $5: ${B}$$");
  });

  it.each(["$A", "${}", "${A", "${A:-x}", "ends with $"])("is refused when it is %s", (text) => {
    expect(() => expandVariables(text, lookup, "labels.x")).toThrow(/^labels\.x: expected/);
  });
});
