// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Recipe } from "../../assemble/recipe/recipe.ts";
import { configurationToRecipe } from "./configuration-to-recipe.ts";
import { expectedLinks } from "../expected-links.ts";
import { parseConfiguration } from "../load-configuration.ts";
import { outputDirectory } from "../output-directory.ts";

const FILE = "/project/linux/oci-kit.yaml";
const YAML = `version: 1
image: ghcr.io/kataglyphis/kataglyphis_beschleuniger
architectures: [amd64, riscv64]
variables:
  GCC_VERSION: 16.2.0
  GCC: /opt/gcc-\${GCC_VERSION}
  MACHINE: { amd64: x86_64, riscv64: riscv64 }
base: { amd64: "oci:base/\${ARCH}", riscv64: debian.example/base:1 }
artifacts:
  android: oci:out/\${ARCH}
  demo: { directory: "files/\${ARCH}", owner: keep, xattrs: drop }
  seed: { reference: latest, platform: linux/amd64 }
layers:
  - name: gcc
    steps:
      - { copy: "\${GCC}", from: android, to: /gcc, owner: "1001:1002", mode: "0755", exclude: ["**/*.la"] }
      - { copy: /x, from: demo, mode: { files: "644" }, missing: warn, arch: [riscv64] }
      - { alternative: c++, link: /usr/bin/c++, path: "\${GCC}/bin/g++", priority: 150 }
      - { link: "/lib/\${TRIPLET}", target: "\${MACHINE}", ifAbsent: true }
      - { file: /etc/x, content: "price $$5\\n", mode: "600" }
      - { directory: /workspace, owner: "1:2" }
      - { remove: /usr/bin/stale }
  - { name: arm, arch: [amd64], steps: [{ remove: /x }] }
config:
  env: { PATH: "\${GCC}/bin:\${PATH}" }
  labels: { version: "\${GCC_VERSION}" }
  healthcheck: { test: "true", interval: 1.5m, retries: 3 }
provenance: { parent: android, parentStage: "android-\${ARCH}" }
links:
  - { path: /usr/bin/cc, target: "\${GCC}/bin/gcc" }
  - { path: /usr/bin/x, target: /x, arch: [amd64] }
`;

function recipeOf(architecture: string, text = YAML, set: Record<string, string> = {}): Recipe {
  return configurationToRecipe(parseConfiguration(text, FILE, { variables: set }), architecture);
}

describe("the recipe of an architecture", () => {
  it("has every step except those for other architectures, with variables expanded", () => {
    const { layers } = recipeOf("riscv64");
    expect(layers).toEqual([
      {
        name: "gcc",
        steps: [
          {
            kind: "copy",
            from: "android",
            path: "/opt/gcc-16.2.0",
            to: "/gcc",
            owner: { uid: 1001, gid: 1002 },
            mode: { files: 0o755, directories: 0o755 },
            exclude: ["**/*.la"],
          },
          { kind: "copy", from: "demo", path: "/x", mode: { files: 0o644 }, missing: "warn" },
          {
            kind: "alternative",
            name: "c++",
            link: "/usr/bin/c++",
            path: "/opt/gcc-16.2.0/bin/g++",
            priority: 150,
          },
          { kind: "link", path: "/lib/riscv64-linux-gnu", target: "riscv64", ifAbsent: true },
          { kind: "file", path: "/etc/x", content: "price $5\n", mode: 0o600 },
          { kind: "directory", path: "/workspace", owner: { uid: 1, gid: 2 } },
          { kind: "remove", path: "/usr/bin/stale" },
        ],
      },
    ]);
    expect(recipeOf("amd64").layers.map(({ steps }) => steps.length)).toEqual([6, 1]);
  });

  it("has its base and artifacts, with paths relative to the project and bare words as tags of the repository", () => {
    expect(recipeOf("amd64")).toMatchObject({
      platform: { os: "linux", architecture: "amd64" },
      base: { reference: "oci:/project/base/amd64" },
      artifacts: {
        android: { reference: "oci:/project/out/amd64" },
        demo: { directory: "/project/files/amd64", owner: "keep", xattrs: "drop" },
        seed: {
          reference: "ghcr.io/kataglyphis/kataglyphis_beschleuniger:latest",
          platform: "linux/amd64",
        },
      },
    });
    expect(recipeOf("riscv64").base).toEqual({ reference: "debian.example/base:1" });
  });

  it("has unexpanded environment variables, which may use the base's, and all other settings expanded", () => {
    const { config, variables, provenance } = recipeOf("riscv64");
    expect(config).toMatchObject({
      env: { PATH: "${GCC}/bin:${PATH}" },
      labels: { version: "16.2.0" },
      healthcheck: { test: ["CMD-SHELL", "true"], interval: 90_000, retries: 3 },
    });
    expect(variables).toMatchObject({ GCC: "/opt/gcc-16.2.0", ARCH: "riscv64" });
    expect(provenance).toMatchObject({ parent: "android", parentStage: "android-riscv64" });
  });

  it("prefers variables from outside to the file's, including in variables that depend on them", () => {
    const { variables } = recipeOf("amd64", YAML, { GCC_VERSION: "17.1.0" });
    expect(variables).toMatchObject({ GCC: "/opt/gcc-17.1.0" });
  });

  it("accepts an outside variable that the file only uses, and refuses one that it never mentions", () => {
    const using = YAML.replace("price $$5", "made by ${MAKER}");
    const { layers } = recipeOf("amd64", using, { MAKER: "us" });
    expect(layers[0]!.steps.find(({ kind }) => kind === "file")).toMatchObject({
      content: "made by us\n",
    });
    expect(() => recipeOf("amd64", YAML, { GCC_VERSON: "17" })).toThrow(
      expect.objectContaining({
        code: "invalid-argument",
        message:
          '--set: expected a variable of linux/oci-kit.yaml (GCC_VERSION, GCC, MACHINE), got "GCC_VERSON", which is nowhere in it',
      }),
    );
    expect(() => recipeOf("amd64", YAML, { ARCH: "arm64" })).toThrow(/follows from the archit/);
  });

  it("may have steps for architectures that the configuration does not list", () => {
    const narrow = YAML.replace("architectures: [amd64, riscv64]", "architectures: [amd64]");
    expect(recipeOf("amd64", narrow).layers.map(({ steps }) => steps.length)).toEqual([6, 1]);
    const spelled = YAML.replace("arch: [riscv64]", "arch: [linux/riscv64]");
    expect(recipeOf("riscv64", spelled).layers[0]!.steps).toHaveLength(7);
  });

  it("needs no value of a variable that only other architectures use", () => {
    const unused = YAML.replace("riscv64: riscv64", "arm64: aarch64").replace(
      'target: "${MACHINE}", ifAbsent: true',
      'target: "${MACHINE}", arch: [amd64]',
    );
    expect(recipeOf("riscv64", unused).layers[0]!.steps).toHaveLength(6);
  });

  it("has the platform of an input expanded, such as linux/${ARCH}", () => {
    const each = YAML.replace("platform: linux/amd64", 'platform: "linux/${ARCH}"');
    expect(recipeOf("riscv64", each).artifacts["seed"]).toMatchObject({
      platform: "linux/riscv64",
    });
  });

  it.each([
    ["image", "image: ghcr.io/kataglyphis/kataglyphis_beschleuniger", "image: ghcr.io/${X}/y"],
    ["output", "version: 1", 'version: 1\noutput: "out/${ARCH}"'],
    ["config.labels.a${X}", "labels: {", 'labels: { "a${X}": b,'],
    ["annotations.a${X}", "version: 1", 'version: 1\nannotations: { "a${X}": b }'],
    ["provenance.keys.runId", "provenance: {", 'provenance: { keys: { runId: "a.${X}" },'],
  ])(
    "refuses a variable in %s, which is not expanded there, instead of taking it literally",
    (key, a, b) => {
      expect(YAML).toContain(a);
      expect(() => recipeOf("amd64", YAML.replace(a, b))).toThrow(
        `${key}: expected text without \${NAME}: no variable counts here`,
      );
    },
  );

  it.each<[string, string, string]>([
    [
      "an undefined variable",
      'copy: "${GCC}"|copy: "${NOPE}"',
      "16:11: layers[0].steps[0].copy: ${NOPE} is not defined",
    ],
    [
      "an architecture that does not exist",
      "arch: [riscv64]|arch: [riscv]",
      'layers[0].steps[1].arch: expected architectures as amd64, riscv64, got "riscv", which is none',
    ],
    [
      "an unknown artifact",
      "from: demo|from: other",
      'layers[0].steps[1].from: expected one of the artifacts (android, demo, seed), got "other"',
    ],
    [
      "a copy that does not say which artifact it means",
      "from: android, |",
      "layers[0].steps[0].from: expected one of the artifacts",
    ],
    [
      "a variable without a value for the architecture",
      "riscv64: riscv64|arm: arm",
      "variables.MACHINE: expected a value for riscv64",
    ],
    [
      "a missing base for the architecture",
      "riscv64: debian.example/base:1|arm: scratch",
      "base: expected a base for riscv64",
    ],
    ["an invalid reference", 'debian.example/base:1|"a b"', "base: reference"],
  ])("has an error that names line and key for %s", (_what, change, expected) => {
    const [from = "", to = ""] = change.split("|");
    expect(YAML).toContain(from);
    expect(() => recipeOf("riscv64", YAML.replace(from, to))).toThrow(expected);
  });

  it("is refused for an architecture that is not configured", () => {
    expect(() => recipeOf("arm64")).toThrow(/expected arm64 to be one of the architectures/);
  });
});

describe("other settings of the configuration", () => {
  it("give the directory of each image and the expected ends of links", () => {
    const configuration = parseConfiguration(YAML, FILE);
    expect(resolve(outputDirectory(configuration, "riscv64"))).toBe(
      "/project/out/linux-runtime/riscv64",
    );
    expect(expectedLinks(configuration, "riscv64")).toEqual([
      { path: "/usr/bin/cc", target: "/opt/gcc-16.2.0/bin/gcc" },
    ]);
    expect(expectedLinks(configuration, "amd64")).toHaveLength(2);
  });
});

describe("the linux/oci-kit.yaml of this repository", () => {
  const file = fileURLToPath(new URL("../../../linux/oci-kit.yaml", import.meta.url));
  const configuration = parseConfiguration(readFileSync(file, "utf8"), file);

  it.each(configuration.architectures)(
    "gives a recipe and expected links for %s",
    (architecture) => {
      const recipe = configurationToRecipe(configuration, architecture);
      expect(recipe.layers.length).toBeGreaterThan(5);
      const steps = recipe.layers.flatMap((layer) => layer.steps);
      const alternatives = steps.flatMap((step) =>
        step.kind === "alternative" ? [{ path: step.link, target: step.path }] : [],
      );
      const links = expectedLinks(configuration, architecture);
      expect(links.length).toBeGreaterThan(0);
      expect(alternatives).toEqual(expect.arrayContaining([...links]));
    },
  );
});
