// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DockerDouble, writeDockerDouble } from "../../../test/fixtures/docker-double.ts";
import { configuration, createProject, type Project } from "../../../test/fixtures/project.ts";

const TARGETED = { perArch: true, dockerfile: "Dockerfile", args: { TARGET: "${ARCH}" } };
const STAGES = {
  base: { dockerfile: "Dockerfile", tag: "base" },
  sdk: { ...TARGETED, parent: "base", tag: "sdk-${ARCH}" },
  gpu: { ...TARGETED, parent: "sdk", variant: "gpu", tag: "gpu-${ARCH}" },
  media: { ...TARGETED, parent: "sdk", tag: "media${VARIANT_SUFFIX}-${ARCH}" },
  package: {
    lane: "runtime",
    kind: "recipe",
    parent: "media",
    perArch: true,
    tag: "latest${VARIANT_SUFFIX}-${ARCH}",
  },
  runtime: { lane: "runtime", kind: "index", parent: "package", tag: "latest${VARIANT_SUFFIX}" },
};
const CHAIN = {
  stages: STAGES,
  chain: { variants: { gpu: { parents: { media: "gpu" }, cross: true } } },
  artifacts: { media: "oci:out/media/${ARCH}", gcc: { directory: "gcc/${ARCH}" } },
  provenance: { parent: "media" },
  layers: [{ name: "gcc", steps: [{ copy: "/bin", from: "gcc", to: "/opt/gcc/bin" }] }],
  links: [],
};

let project: Project;
let docker: DockerDouble;

beforeEach(async () => {
  project = await createProject();
  docker = writeDockerDouble(join(project.directory, "../bin"));
  project.write("Dockerfile", "ARG BASE_IMAGE=scratch\nFROM ${BASE_IMAGE}\n");
  project.write("Dockerfile.dockerignore", "*\n");
  declare(undefined);
});
afterEach(() => project.remove());

/** Writes the family's oci-kit.yaml, with this repository or without any. */
function declare(repository: string | undefined, more: object = {}): void {
  const text = configuration("", { ...CHAIN, ...more });
  project.write("linux/oci-kit.yaml", JSON.stringify({ ...JSON.parse(text), image: repository }));
}

const chain = (...words: string[]) =>
  project.runWith({ env: { PATH: docker.path } }, "chain", ...words);

async function build(...words: string[]): Promise<void> {
  const { status, stdout, stderr } = await chain("build", ...words);
  expect({ status, said: stdout + stderr }).toMatchObject({ status: 0 });
}

describe("a family without a repository", () => {
  it("is verified and planned in the layouts that its build left", async () => {
    await build();
    const verified = await chain("verify");
    expect(verified.stdout).toContain("layouts: 12 links compared: all fresh");
    expect(verified.status).toBe(0);
    const planned = await chain("plan");
    expect(planned.stdout).toContain("layouts: 11 images: 0 to build, 11 to keep");
    expect((await chain("build", "--dry-run")).stdout).toContain("nothing to do: 11 images");
  });

  it("is told that a stage without a layout of its own is stale once its parent is another", async () => {
    await build();
    project.write("Dockerfile", "ARG BASE_IMAGE=scratch\nFROM ${BASE_IMAGE}\nLABEL a=b\n");
    await build("--only", "base");
    const { status, stdout } = await chain("verify");
    expect(stdout).toMatch(/^stale {2}base->sdk-arm64 /m);
    expect(status).toBe(2);
    expect((await chain("plan")).stdout).toMatch(/^build {2}sdk-arm64 +base is sha256:/m);
  });

  it("has images of the recipe compressed as the file says, and keeps them at another rate", async () => {
    declare(undefined, { compression: "auto" });
    const refused = await chain("build");
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(
      "compression auto: expected a registry as the target, got oci:",
    );
    declare(undefined, { compression: { auto: { rate: "1000TB/s" } } });
    const { status, stderr } = await chain("build");
    expect({ status, stderr }).toMatchObject({
      status: 0,
      stderr: expect.stringContaining("compression auto: zstd:1, which makes") as string,
    });
    const { stdout } = await project.run("inspect", "oci:out/linux-runtime/amd64", "--json");
    expect(stdout).toContain("application/vnd.oci.image.layer.v1.tar+zstd");
    declare(undefined, { compression: { auto: { rate: "1kB/s" } } });
    expect((await chain("plan")).stdout).toContain("0 to build");
    expect((await chain("build", "--dry-run")).stdout).toContain("nothing to do");
  });

  it("builds a variant of the shared images that were built without it", async () => {
    await build("--to", "sdk");
    await build("--variant", "gpu");
    await build();
    for (const variant of [[], ["--variant", "gpu"]]) {
      expect((await chain("verify", ...variant)).stdout).toContain("all fresh");
      expect((await chain("plan", ...variant)).stdout).toContain("0 to build");
    }
    expect(existsSync(join(project.directory, "out/chain/layouts/media-gpu-arm64"))).toBe(true);
  });
});

it("plan and verify --no-push look at layouts, although there is a repository", async () => {
  declare(project.repository);
  await build("--no-push", "--to", "sdk");
  const { stdout } = await chain("plan", "--no-push", "--to", "sdk");
  expect(stdout).toContain("layouts: 4 images: 0 to build, 4 to keep");
  const verified = await chain("verify", "--no-push", "--to", "sdk");
  expect(verified.stdout).toContain("layouts: 3 links compared: all fresh");
  expect((await chain("plan", "--to", "sdk")).stdout).toContain("4 images: 4 to build, 0 to keep");
});

it("prune --chain lists layouts of builds whose stage is declared no more", async () => {
  await build("--to", "sdk");
  const { sdk, ...others } = STAGES;
  const stages = { ...others, sdk: { ...sdk, tag: "kit-${ARCH}" } };
  const text = configuration("", { ...CHAIN, stages });
  project.write("linux/oci-kit.yaml", JSON.stringify({ ...JSON.parse(text), image: undefined }));
  const env = { PATH: "/nonexistent" };
  const { stdout } = await project.runWith({ env }, "prune", "--chain");
  expect(stdout).toContain("would remove 1 layout: out/chain/layouts/sdk-arm64\n");
  expect(stdout).not.toContain("out/chain/layouts/base");
});
