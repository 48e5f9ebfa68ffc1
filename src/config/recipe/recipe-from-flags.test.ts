// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { recipeFromFlags, withFlags } from "./recipe-from-flags.ts";

const OPTIONS = { directory: "/project", repository: "ghcr.io/a/b" };

describe("a recipe from flags alone", () => {
  it("has one layer for each copy and one for all links", () => {
    const recipe = recipeFromFlags(
      "riscv64",
      {
        base: "oci:base",
        artifacts: ["oci:android:tag"],
        copies: ["/opt/gcc", "/opt/llvm-target:/usr/local/llvm-target"],
        links: ["/usr/bin/cc=/opt/gcc/bin/gcc", "/usr/bin/a=b=c"],
        env: ["PATH=/opt/gcc/bin:${PATH}", "EMPTY="],
      },
      OPTIONS,
    );
    expect(recipe).toEqual({
      platform: { os: "linux", architecture: "riscv64" },
      base: { reference: "oci:/project/base" },
      artifacts: { artifact: { reference: "oci:/project/android:tag" } },
      layers: [
        { name: "copy /opt/gcc", steps: [{ kind: "copy", from: "artifact", path: "/opt/gcc" }] },
        {
          name: "copy /opt/llvm-target",
          steps: [
            {
              kind: "copy",
              from: "artifact",
              path: "/opt/llvm-target",
              to: "/usr/local/llvm-target",
            },
          ],
        },
        {
          name: "links",
          steps: [
            { kind: "link", path: "/usr/bin/cc", target: "/opt/gcc/bin/gcc" },
            { kind: "link", path: "/usr/bin/a", target: "b=c" },
          ],
        },
      ],
      config: { env: { PATH: "/opt/gcc/bin:${PATH}", EMPTY: "" } },
      variables: { ARCH: "riscv64" },
    });
  });

  it("may have several named artifacts, including plain directories", () => {
    const recipe = recipeFromFlags(
      "amd64",
      { base: "scratch", artifacts: ["a=dir:files", "b=latest"], copies: ["a=/x:/y"] },
      OPTIONS,
    );
    expect(recipe.artifacts).toEqual({
      a: { directory: "/project/files" },
      b: { reference: "ghcr.io/a/b:latest" },
    });
    expect(recipe.layers[0]!.steps).toEqual([{ kind: "copy", from: "a", path: "/x", to: "/y" }]);
  });

  it.each([
    ["no base", {}],
    ["a plain directory as base", { base: "dir:x" }],
    ["a copy without an artifact", { base: "scratch", copies: ["/x"] }],
    [
      "a copy that does not say which of two artifacts it means",
      { base: "scratch", artifacts: ["a=oci:a", "b=oci:b"], copies: ["/x"] },
    ],
    ["a relative copy", { base: "scratch", artifacts: ["oci:a"], copies: ["x"] }],
    ["a copy to three places", { base: "scratch", artifacts: ["oci:a"], copies: ["/x:/y:/z"] }],
    ["a link without a target", { base: "scratch", links: ["/x="] }],
    ["a link without =", { base: "scratch", links: ["/x"] }],
    ["a variable without a name", { base: "scratch", env: ["=x"] }],
  ])("refuses %s", (_what, flags) => {
    expect(() => recipeFromFlags("amd64", flags, OPTIONS)).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
  });
});

describe("flags applied to a recipe", () => {
  const base = recipeFromFlags(
    "amd64",
    { base: "oci:old", artifacts: ["one=oci:one"], env: ["A=1", "B=2"] },
    OPTIONS,
  );

  it("replace the base, the only artifact and variables, and keep the rest", () => {
    const flags = { base: "oci:new", artifacts: ["oci:two"], env: ["B=3"] };
    expect(withFlags(base, flags, OPTIONS)).toMatchObject({
      base: { reference: "oci:/project/new" },
      artifacts: { one: { reference: "oci:/project/two" } },
      config: { env: { A: "1", B: "3" } },
    });
  });

  it("must name the artifact that they replace when there are several", () => {
    const two = withFlags(base, { artifacts: ["two=oci:two"] }, OPTIONS);
    expect(() => withFlags(two, { artifacts: ["oci:three"] }, OPTIONS)).toThrow(/one, two/);
  });
});
