// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writeDockerDouble } from "../../../test/fixtures/docker-double.ts";
import { configuration, createProject, type Project } from "../../../test/fixtures/project.ts";

const TARGETED = { perArch: true, dockerfile: "Dockerfile" };
const STAGES = {
  base: { dockerfile: "Dockerfile", tag: "base" },
  tools: { dockerfile: "Dockerfile", parent: "base", tag: "tools" },
  sdk: { ...TARGETED, parent: "tools", tag: "sdk-${ARCH}" },
  neon: { ...TARGETED, parent: "sdk", arch: ["arm64"], optional: true, tag: "neon-${ARCH}" },
  gpu: { ...TARGETED, parent: "sdk", variant: "gpu", tag: "gpu-${ARCH}" },
  media: {
    ...TARGETED,
    lane: "runtime",
    runsOn: "build",
    parent: "sdk",
    tag: "media${VARIANT_SUFFIX}-${ARCH}",
  },
  runtime: { lane: "runtime", kind: "index", parent: "media", tag: "latest${VARIANT_SUFFIX}" },
};
const VARIANTS = { gpu: { parents: { media: "gpu" }, arch: ["amd64", "arm64"] } };

let project: Project;
let path: string;

beforeEach(async () => {
  project = await createProject();
  path = writeDockerDouble(join(project.directory, "../bin")).path;
  project.write("Dockerfile", "ARG BASE_IMAGE=scratch\nFROM ${BASE_IMAGE}\n");
  project.write("Dockerfile.dockerignore", "*\n");
  const more = { stages: STAGES, chain: { variants: VARIANTS } };
  project.write("linux/oci-kit.yaml", configuration(project.repository, more));
});
afterEach(() => project.remove());

const chain = (words: string) =>
  project.runWith({ env: { PATH: path } }, "chain", ...words.split(" "));

/** What a dry run would make, image by image, and what it warns of. */
async function dry(words: string): Promise<{ made: readonly string[]; warned: string }> {
  const { status, stdout, stderr } = await chain(`build --no-push --dry-run ${words} --json`);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const { units } = JSON.parse(stdout) as { units: readonly { image: string }[] };
  return { made: units.map(({ image }) => image), warned: stderr };
}

it("chain build makes the stages that all flags mean, and says that it leaves the index out", async () => {
  const one = await dry("--arch arm64 --to sdk");
  expect(one).toEqual({ made: ["base", "tools", "sdk-arm64"], warned: "" });
  const alone = await dry("--from base --to tools --only tools --only base --arch amd64,amd64");
  expect(alone).toEqual({ made: ["base", "tools"], warned: "" });
  const some = await dry("--arch arm64,amd64");
  expect(some.made).not.toContain("runtime");
  expect(some.warned).toContain(
    "runtime is left out: it is made of amd64, arm64, riscv64, and --arch names not all of them",
  );
  for (const command of ["plan --arch arm64", "plan --offline --arch arm64"]) {
    expect((await chain(command)).stderr).toContain("runtime is left out");
  }
  expect((await dry("--arch riscv64,arm64,amd64")).made).toContain("runtime");
});

it("chain build of a variant makes what it changes, and shared stages by --only", async () => {
  const { status } = await chain("build --no-push --to sdk");
  expect(status).toBe(0);
  const changed = ["gpu-amd64", "media-amd64"];
  expect((await dry("--variant gpu --arch amd64 --to media")).made).toEqual(changed);
  expect((await dry("--variant gpu --only tools")).made).toEqual(["tools"]);
  expect((await dry("--only neon --arch arm64")).made).toEqual(["neon-arm64"]);
});

it.each([
  [
    "--only nope",
    '--only: expected one of the stages base, tools, sdk, neon, media, runtime, got "nope"',
  ],
  [
    "--to nope",
    '--to: expected one of the stages base, tools, sdk, neon, media, runtime, got "nope"',
  ],
  [
    "--only gpu",
    '--only: expected one of the stages base, tools, sdk, neon, media, runtime, got "gpu"',
  ],
  ["--arch mips", '--arch: expected amd64, arm64, riscv64, got "mips"'],
  ["--arch amd64,", '--arch: expected amd64, arm64, riscv64, got ""'],
  ["--variant nope", 'variant: expected gpu, got "nope"'],
  ["--variant gpu --arch riscv64", "expected amd64, arm64, got riscv64"],
  [
    "--variant gpu --from sdk",
    "expected to start at a stage that it changes (gpu, media, runtime), got sdk",
  ],
  [
    "--variant gpu --to sdk",
    "expected to end at a stage that it changes (gpu, media, runtime), or after it, got sdk",
  ],
  ["--from media --to sdk", "--from media --to sdk: expected stages in the order base, tools, sdk"],
  [
    "--from sdk --only base",
    "--from sdk --only base: expected stages, got none: no stage is all of that",
  ],
  ["--from neon --to neon", "what is optional (neon) is meant by --only alone"],
  [
    "--only neon --arch amd64",
    "--only neon --arch amd64: expected stages, got none: neon is not made for amd64",
  ],
  [
    "--only runtime --arch amd64",
    "expected stages, got none: runtime needs all of amd64, arm64, riscv64",
  ],
])("chain build %s is refused before a builder is asked, and says why", async (words, message) => {
  const { status, stdout, stderr } = await project.run(
    ...["chain", "build", "--dry-run", ...words.split(" ")],
  );
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toContain(message);
});

it.each([
  ["--only sdk", "--why: expected one stage, by itself or with --arch, got --only as well"],
  ["--to nope", "got --to as well"],
  ["--offline", "got --offline as well"],
  ["--format github", "got --format as well"],
  ["--arch mips", '--arch: expected amd64, arm64, riscv64, got "mips"'],
])("chain plan --why base %s is refused instead of ignored", async (words, message) => {
  const { status, stdout, stderr } = await chain(`plan --why base ${words}`);
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toContain(message);
});
