// SPDX-License-Identifier: MIT
import { stringify } from "yaml";
import { describe, expect, it } from "vitest";
import { makeGraph } from "../../chain/graph/make-graph.ts";
import { parseConfiguration } from "../load-configuration.ts";
import { configurationToChain } from "./configuration-to-chain.ts";

type Stages = Record<string, Record<string, unknown>>;

const SDK = { parent: "base", perArch: true, dockerfile: "Dockerfile.sdk", tag: "sdk-${ARCH}" };
const STAGES: Stages = {
  base: { dockerfile: "Dockerfile.base", tag: "base" },
  sdk: SDK,
  package: { kind: "recipe", lane: "runtime", parent: "sdk", perArch: true, tag: "latest-${ARCH}" },
  runtime: { kind: "index", lane: "runtime", parent: "package", tag: "latest" },
};

function load(stages: Stages, more: Readonly<Record<string, unknown>> = {}) {
  const document = {
    version: 1,
    image: "localhost:5000/family",
    architectures: ["amd64", "riscv64"],
    base: "scratch",
    stages,
    ...more,
  };
  return parseConfiguration(stringify(document), "/project/oci-kit.yaml");
}

/** What loading complains of. */
function refusal(stages: Stages, more?: Readonly<Record<string, unknown>>): string {
  try {
    load({ ...STAGES, ...stages }, more);
  } catch (error) {
    return (error as Error).message;
  }
  return "loaded";
}

describe("a configuration with stages is refused, with line and column, for", () => {
  it.each<[string, RegExp, Stages, Record<string, unknown>?]>([
    [
      "an unknown parent",
      /^oci-kit.yaml:\d+:\d+: stages.sdk.parent: expected one of the stages base, package, runtime, got "bsae"$/,
      { sdk: { ...SDK, parent: "bsae" } },
    ],
    [
      "a circle of parents",
      /:\d+:\d+: stages.base.parent: expected an end, got a circle: base <- sdk <- base/,
      { base: { ...STAGES["base"], parent: "sdk", perArch: true, tag: "base-${ARCH}" } },
    ],
    [
      "a stage that is its own parent",
      /circle: base <- base/,
      { base: { ...STAGES["base"], parent: "base" } },
    ],
    [
      "two stages with one tag",
      /stages.other.tag: base and other have one tag, base/,
      { other: { dockerfile: "D", tag: "base" } },
    ],
    [
      "a tag that an architecture's expansion takes",
      /sdk-riscv64 and other have one tag, sdk-riscv64/,
      { other: { dockerfile: "D", tag: "sdk-riscv64" } },
    ],
    [
      "a stage per architecture whose tag lacks the architecture",
      /stages.sdk.tag: expected \$\{ARCH\} in it, got "sdk"/,
      { sdk: { ...SDK, tag: "sdk" } },
    ],
    [
      "a shared stage with a parent per architecture",
      /stages.one.parent: expected a shared stage, got sdk/,
      { one: { dockerfile: "D", parent: "sdk", tag: "one" } },
    ],
    [
      "a shared stage whose tag names an architecture",
      /stages.base.tag: expected a tag without \$\{ARCH\}/,
      { base: { ...STAGES["base"], tag: "base-${ARCH}" } },
    ],
    [
      "an unknown variable",
      /:\d+:\d+: stages.base.tag: stage base: \$\{NOPE\} is not defined/,
      { base: { ...STAGES["base"], tag: "${NOPE}" } },
    ],
    [
      "a tag that is none",
      /stages.base.tag: tag: expected 1 to 128/,
      { base: { ...STAGES["base"], tag: "a b" } },
    ],
    [
      "a stage without a Dockerfile",
      /stages.base.dockerfile: expected the Dockerfile/,
      { base: { tag: "base" } },
    ],
    [
      "a recipe with a Dockerfile",
      /stages.package.dockerfile: expected none/,
      { package: { ...STAGES["package"], dockerfile: "D" } },
    ],
    [
      "a recipe with build arguments, which nobody would see",
      /stages.package.args: expected none/,
      { package: { ...STAGES["package"], args: { A: "1" } } },
    ],
    [
      "a shared recipe",
      /stages.package.perArch: expected true/,
      { package: { ...STAGES["package"], perArch: false, tag: "latest-x" } },
    ],
    [
      "an index of a shared stage",
      /stages.runtime.parent: expected a stage with an image for each architecture, got base/,
      { runtime: { ...STAGES["runtime"], parent: "base" } },
    ],
    [
      "an index under a tag that reads as one architecture's",
      /stages.runtime.tag: .*latest-amd64.*names no architecture/,
      { runtime: { ...STAGES["runtime"], tag: "latest-amd64" } },
    ],
    [
      "an architecture that the configuration lacks",
      /stages.sdk.arch\[0\]: expected one of amd64, riscv64, got "arm64"/,
      { sdk: { ...SDK, arch: ["arm64"] } },
    ],
    [
      "a parent that lacks an architecture",
      /stages.package.parent: expected a stage for riscv64 too, got sdk, which is only for amd64/,
      { sdk: { ...SDK, arch: ["amd64"] } },
    ],
    [
      "an optional parent",
      /stages.sdk.parent: expected a stage that is always there, got base, which is optional/,
      { base: { ...STAGES["base"], optional: true } },
    ],
    [
      "an unknown variant",
      /stages.gpu.variant: expected one of the variants \(none is declared\), got "nvidia"/,
      { gpu: { ...SDK, variant: "nvidia", tag: "gpu-${ARCH}" } },
    ],
    [
      "a variant called as an architecture",
      /chain.variants.arm64: expected a name that is no architecture's, got "arm64", which reads as arm64 in a tag/,
      {},
      { chain: { variants: { arm64: { parents: { sdk: "base" } } } } },
    ],
    [
      "a variant called as an architecture with its version",
      /which reads as arm in a tag/,
      {},
      { chain: { variants: { armv7: { parents: { sdk: "base" } } } } },
    ],
    [
      "an architecture called as a variant",
      /architectures\[1\]: rocm reads as the variant rocm in a tag/,
      {},
      {
        architectures: ["amd64", "rocm"],
        chain: { variants: { rocm: { parents: { sdk: "base" } } } },
      },
    ],
    [
      "a variant that changes nothing",
      /chain.variants.amd: expected a stage with this variant, or other parents/,
      {},
      { chain: { variants: { amd: {} } } },
    ],
    [
      "a variant that would overwrite the plain family",
      /stages.sdk.tag: sdk-amd64 is the tag of sdk-amd64 of the variant nvidia too/,
      { gpu: { dockerfile: "D", parent: "base", variant: "nvidia", tag: "gpu" } },
      { chain: { variants: { nvidia: { parents: { sdk: "gpu" } } } } },
    ],
    [
      "a variant that would overwrite a layout of the plain family",
      /stages.sdk.layout: out\/sdk-amd64 is the layout of sdk-amd64 of the variant nvidia too/,
      {
        gpu: { dockerfile: "D", parent: "base", variant: "nvidia", tag: "gpu" },
        sdk: { ...SDK, tag: "sdk${VARIANT_SUFFIX}-${ARCH}", layout: "out/sdk-${ARCH}" },
      },
      { chain: { variants: { nvidia: { parents: { sdk: "gpu" } } } } },
    ],
    [
      "a build platform that would overwrite another's images",
      /stages.base.tag: base is the tag of base built on linux\/arm64 too/,
      {},
      { chain: { buildPlatforms: ["linux/amd64", "linux/arm64"] } },
    ],
    [
      "a build platform that is none",
      /chain.buildPlatforms\[0\]/,
      {},
      { chain: { buildPlatforms: ["linux//"] } },
    ],
    [
      "a variable that has a built-in name",
      /variables.BUILD_ARCH: expected another name/,
      {},
      { variables: { BUILD_ARCH: "x" } },
    ],
    [
      "an alias that is another stage's tag",
      /base and runtime have one tag, base/,
      {},
      { aliases: { latest: ["base"] } },
    ],
    [
      "a network that is none",
      /stages.base.network: expected default, none, host, got "bridge"/,
      { base: { ...STAGES["base"], network: "bridge" } },
    ],
    [
      "two stages with one layout",
      /stages.sdk.layout: out is the layout of sdk and of sdk/,
      { sdk: { ...SDK, layout: "out" } },
    ],
    [
      "two stages with one layout, written in two ways",
      /stages.sdk.layout: .\/out\/x\/ is the layout of base and of sdk/,
      {
        base: { ...STAGES["base"], layout: "out/x" },
        sdk: { ...SDK, perArch: false, tag: "sdk", layout: "./out/x/" },
        package: { ...STAGES["package"], inputs: {} },
      },
    ],
    [
      "a layout that is written whole, and as a path of the project",
      /stages.sdk.layout: out\/x is the layout of base and of sdk/,
      {
        base: { ...STAGES["base"], layout: "/project/out/x" },
        sdk: { ...SDK, layout: "out/x" },
      },
    ],
    [
      "a layout that is the one of a stage which names none",
      /stages.sdk.layout: out\/chain\/layouts\/base is the layout of base and of sdk/,
      { sdk: { ...SDK, layout: "out/chain/layouts/base" } },
    ],
    [
      "a layout that has the project in it, which is replaced as a whole",
      /stages.base.layout: out\/.. has the project itself in it/,
      { base: { ...STAGES["base"], layout: "out/.." } },
    ],
    [
      "a layout inside another, which is replaced as a whole",
      /stages.sdk.layout: out\/sdk\/amd64 and out, the layout of base, lie in one another/,
      {
        base: { ...STAGES["base"], layout: "out" },
        sdk: { ...SDK, layout: "out/sdk/${ARCH}" },
      },
    ],
    [
      "a variant that would overwrite a layout of the plain family, written in another way",
      /stages.sdk.layout: .*out\/sdk-amd64 is the layout of sdk-amd64 of the variant nvidia too/,
      {
        gpu: { dockerfile: "D", parent: "base", variant: "nvidia", tag: "gpu" },
        sdk: {
          ...SDK,
          tag: "sdk${VARIANT_SUFFIX}-${ARCH}",
          layout: "out${VARIANT_SUFFIX}/../out/sdk-${ARCH}",
        },
      },
      { chain: { variants: { nvidia: { parents: { sdk: "gpu" } } } } },
    ],
    [
      "a parent and an image from outside",
      /stages.sdk.from: expected a parent or an image from outside, got both/,
      { sdk: { ...SDK, from: "docker.io/library/debian" } },
    ],
  ])("%s", (_, expected, stages, more) => {
    expect(refusal(stages, more)).toMatch(expected);
  });
});

it("stages are put in order whatever the order in the file", () => {
  const declared = Object.fromEntries(Object.entries(STAGES).reverse());
  const { stages } = makeGraph(configurationToChain(load(declared)));
  expect(stages.map(({ name }) => name)).toEqual(["base", "sdk", "package", "runtime"]);
});

it("a name of Object.prototype is no stage, variant or alias", () => {
  expect(refusal({ sdk: { ...SDK, parent: "constructor" } })).toMatch(/got "constructor"/);
  expect(() => makeGraph(configurationToChain(load(STAGES)), { variant: "constructor" })).toThrow(
    /variant: expected none: none is declared, got "constructor"/,
  );
});

it("a chain needs its stages", () => {
  const document = { version: 1, architectures: ["amd64"], base: "scratch" };
  const configuration = parseConfiguration(stringify(document), "/project/oci-kit.yaml");
  expect(() => configurationToChain(configuration)).toThrow(/expected stages, got none/);
});
