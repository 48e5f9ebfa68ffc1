// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeGraph } from "../../chain/graph/make-graph.ts";
import type { StageGraph } from "../../chain/graph/stage-graph.ts";
import { loadConfiguration } from "../load-configuration.ts";
import { configurationToChain } from "./configuration-to-chain.ts";

const FILE = join(import.meta.dirname, "../../../linux/oci-kit.yaml");
const REPOSITORY = "ghcr.io/kataglyphis/kataglyphis_beschleuniger";

const declaration = configurationToChain(await loadConfiguration(FILE));

function tags({ units }: StageGraph): Record<string, string> {
  return Object.fromEntries(units.map(({ id, tag }) => [id, tag]));
}

describe("the family's own chain", () => {
  it("has the tags that its users know on an amd64 build host", () => {
    const graph = makeGraph(declaration);
    expect(tags(graph)).toMatchObject({
      base: "base",
      compiler: "cross-compiler-amd64",
      "sdk-riscv64": "cross-sdk-riscv64",
      "media-arm64": "cross-media-arm64",
      "android-amd64": "cross-android-amd64",
      "package-riscv64": "latest-riscv64",
      runtime: "latest",
    });
    expect(graph.units[0]?.reference).toBe(`${REPOSITORY}:base`);
  });

  it("says the build host in every tag on another one, so that no published image is overwritten", () => {
    const usual = new Set(Object.values(tags(makeGraph(declaration))));
    const other = tags(makeGraph(declaration, { buildPlatform: "linux/arm64" }));
    expect(other).toMatchObject({
      base: "base-arm64",
      compiler: "cross-compiler-arm64",
      "android-riscv64": "cross-android-hostarm64-riscv64",
      runtime: "latest-hostarm64",
    });
    expect(Object.values(other).filter((tag) => usual.has(tag))).toEqual([]);
  });

  it("puts a variant's stage between sdk and media, and keeps the stages that it shares", () => {
    const graph = makeGraph(declaration, { variant: "nvidia" });
    const parent = (id: string) => graph.units.find((unit) => unit.id === id)?.inputs[0]?.unit;
    expect(parent("media-amd64")).toBe("nvidia-amd64");
    expect(parent("nvidia-amd64")).toBe("sdk-amd64");
    expect(tags(graph)).toMatchObject({
      compiler: "cross-compiler-amd64",
      "sdk-amd64": "cross-sdk-amd64",
      "media-amd64": "cross-media-nvidia-amd64",
      runtime: "latest-nvidia",
    });
  });

  it("compiles on the build platform, and makes runtime images for the target's without running its programs", () => {
    const { units } = makeGraph(declaration);
    const platforms = (id: string) => {
      const unit = units.find((one) => one.id === id);
      return [unit?.platform.architecture, unit?.runsOn.architecture];
    };
    expect(platforms("android-riscv64")).toEqual(["amd64", "amd64"]);
    expect(platforms("runtime-base-riscv64")).toEqual(["riscv64", "amd64"]);
    expect(platforms("package-riscv64")).toEqual(["riscv64", "amd64"]);
  });

  it("saves the layouts from which the recipe assembles", () => {
    const { units } = makeGraph(declaration);
    const layout = (id: string) => units.find((unit) => unit.id === id)?.layout;
    expect(layout("android-riscv64")).toBe("out/local-oci/android/riscv64");
    expect(layout("runtime-base-riscv64")).toBe("out/local-oci/base/riscv64");
    expect(layout("package-riscv64")).toBe("out/linux-runtime/riscv64");
  });

  it("says everything that BuildKit needs for a unit", () => {
    const unit = makeGraph(declaration).units.find(({ id }) => id === "sdk-riscv64");
    expect(unit?.build).toMatchObject({
      dockerfile: "linux/Dockerfile.sdk",
      context: ".",
      parentArg: "BASE_IMAGE",
      args: { TARGET_ARCH: "riscv64", GCC_VERSION: "14.2.0" },
      network: "default",
      mirrors: { USE_FAST_UBUNTU_MIRROR: "true" },
    });
  });
});
