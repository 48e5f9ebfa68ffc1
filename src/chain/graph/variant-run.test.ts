// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { chainDeclaration } from "../../../test/fixtures/published-chain.ts";
import { githubMatrix } from "../plan/github-matrix.ts";
import { buildHostOf } from "./build-host.ts";
import { makeGraph } from "./make-graph.ts";
import { selectUnits } from "./select-units.ts";
import { changedStages, checkVariantRun } from "./variant-run.ts";

const plain = chainDeclaration("localhost:5000/family");
const declaration = chainDeclaration("localhost:5000/family", {
  variants: {
    nvidia: {
      parents: { media: "gpu" },
      architectures: ["amd64", "arm64"],
      cross: false,
      pushFrom: ["linux/arm64"],
    },
  },
  stages: [
    ...plain.stages.map((stage) =>
      ["media", "android", "package", "wrapper", "runtime"].includes(stage.name)
        ? {
            ...stage,
            tag: `${stage.name}\${VARIANT_SUFFIX}${stage.perArchitecture ? "-${ARCH}" : ""}`,
            layout: undefined,
          }
        : stage,
    ),
    { ...plain.stages[3]!, name: "gpu", parent: "sdk", variant: "nvidia", tag: "gpu-${ARCH}" },
  ],
});

describe("a run of a variant", () => {
  const graph = makeGraph(declaration, { variant: "nvidia" });

  it("changes its own stage and all that is made from it", () => {
    expect(changedStages(graph, declaration)).toEqual([
      "gpu",
      "media",
      "android",
      "package",
      "wrapper",
      "runtime",
    ]);
  });

  it.each([
    [
      "at a stage that all variants share",
      { from: "sdk" },
      /expected to start at a stage that it changes/,
    ],
    [
      "for an architecture that has none",
      { architectures: ["riscv64"] },
      /expected amd64, arm64, got riscv64/,
    ],
    [
      "for another architecture than the build platform's",
      { architectures: ["arm64"] },
      /it can't be cross-built/,
    ],
    [
      "to push from another platform",
      { architectures: ["amd64"], push: true },
      /expected to push from linux\/arm64/,
    ],
  ])("is refused %s", (_, run, expected) => {
    expect(() => checkVariantRun(declaration, graph, run)).toThrow(expected);
  });

  it("is allowed where it can be built", () => {
    const run = { from: "gpu", architectures: ["amd64"] };
    expect(() => checkVariantRun(declaration, graph, run)).not.toThrow();
  });

  it("has no unit for an architecture without the variant", () => {
    expect(graph.units.some(({ id }) => id === "gpu-riscv64")).toBe(false);
    expect(graph.units.find(({ id }) => id === "runtime")?.inputs).toHaveLength(2);
  });
});

describe("a selection of units", () => {
  const graph = makeGraph(plain);
  const ids = (selection: Parameters<typeof selectUnits>[1]) =>
    selectUnits(graph, selection).map(({ id }) => id);

  it("of one architecture has what it shares with others, and no index, which would lack them", () => {
    expect(ids({ architectures: ["arm64"], to: "sdk" })).toEqual([
      "base",
      "tools",
      "compiler",
      "sdk-arm64",
    ]);
    expect(ids({ architectures: ["arm64"] })).not.toContain("runtime");
  });

  it.each([
    ["an unknown stage", { from: "sdkk" }, /--from: expected one of the stages base/],
    [
      "an unknown architecture",
      { architectures: ["mips"] },
      /--arch: expected amd64, arm64, riscv64, got "mips"/,
    ],
    [
      "the wrong order",
      { from: "media", to: "sdk" },
      /--from media --to sdk: expected stages in the order/,
    ],
    [
      "an index of some architectures",
      { only: ["runtime"], architectures: ["arm64"] },
      /^--only runtime --arch arm64: expected stages, got none: runtime needs all of amd64, arm64, riscv64$/,
    ],
    [
      "stages that have nothing in common",
      { from: "media", only: ["base", "sdk"] },
      /^--from media --only base --only sdk: .* got none: no stage is all of that$/,
    ],
  ])("is refused for %s", (_, selection, expected) => {
    expect(() => ids(selection)).toThrow(expected);
  });
});

it("a matrix has shared stages first, one job an architecture, and the index last; what is kept is in no job", () => {
  const units = makeGraph(plain).units.map((unit) => ({
    unit,
    action:
      unit.stage === "base" || unit.architecture === "amd64"
        ? ("keep" as const)
        : ("build" as const),
    reasons: [],
  }));
  const matrix = githubMatrix({ source: "x", units });
  expect(matrix.shared.include).toEqual([
    {
      stages: "tools,compiler",
      platform: "linux/amd64",
      build: "--only tools --only compiler",
    },
  ]);
  expect(matrix.architectures.include.map(({ architecture }) => architecture)).toEqual([
    "arm64",
    "riscv64",
  ]);
  expect(matrix.index.include).toEqual([
    { tag: "latest", stages: "runtime", platform: "linux/amd64" },
  ]);
});

it("a matrix assembles every image of an index anew, also the kept ones: an index is one generation", () => {
  const stages = plain.stages
    .filter(({ name }) => name !== "wrapper")
    .map((one) => (one.kind === "index" ? { ...one, parent: "package" } : one));
  const units = makeGraph({ ...plain, stages }).units.map((unit) => ({
    unit,
    action: unit.architecture === "amd64" ? ("keep" as const) : ("build" as const),
    reasons: [],
  }));
  const { include } = githubMatrix({ source: "x", units }).architectures;
  const [amd64, arm64] = ["amd64", "arm64"].map((name) =>
    include.find(({ architecture }) => architecture === name),
  );
  expect(amd64).toMatchObject({ architecture: "amd64", stages: "package", build: "" });
  expect(amd64!["assemble"]).toMatch(/^\S+:android-amd64 oci:out\/android\/amd64\n/);
  expect(arm64!["build"]).toMatch(/^--arch arm64 --only sdk /);
});

it("a machine builds on its own platform if that is declared, else on the usual one", () => {
  const { buildPlatforms } = { buildPlatforms: ["linux/amd64", "linux/arm64"] };
  expect(buildHostOf({ buildPlatforms }, "arm64")).toBe("linux/arm64");
  expect(buildHostOf({ buildPlatforms }, "x64")).toBe("linux/amd64");
  expect(buildHostOf({ buildPlatforms }, "riscv64")).toBe("linux/amd64");
});
