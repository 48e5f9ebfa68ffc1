// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DockerDouble, writeDockerDouble } from "../../../test/fixtures/docker-double.ts";
import { putImage } from "../../../test/fixtures/family.ts";
import { configuration, createProject, type Project } from "../../../test/fixtures/project.ts";
import { parseReference } from "../../oci/reference.ts";
import { openRepository } from "../../registry/repository.ts";

const STAGES = {
  base: { dockerfile: "base/Dockerfile", context: "base", tag: "base" },
  sdk: {
    parent: "base",
    perArch: true,
    dockerfile: "sdk/Dockerfile",
    context: "sdk",
    tag: "sdk-${ARCH}",
    args: { TARGET: "${ARCH}" },
  },
  package: { lane: "runtime", kind: "recipe", parent: "sdk", perArch: true, tag: "latest-${ARCH}" },
  runtime: { lane: "runtime", kind: "index", parent: "package", tag: "latest" },
};

let project: Project;
let docker: DockerDouble;

beforeEach(async () => {
  project = await createProject();
  docker = writeDockerDouble(join(project.directory, "../bin"));
  const artifacts = { sdk: "oci:out/sdk/${ARCH}", gcc: { directory: "gcc/${ARCH}" } };
  const layers = [{ name: "gcc", steps: [{ copy: "/bin", from: "gcc", to: "/opt/gcc/bin" }] }];
  const more = { stages: STAGES, provenance: { parent: "sdk" }, artifacts, layers, links: [] };
  project.write("linux/oci-kit.yaml", configuration(project.repository, more));
  for (const stage of ["base", "sdk"]) {
    project.write(`${stage}/Dockerfile`, "ARG BASE_IMAGE=scratch\nFROM ${BASE_IMAGE}\n");
  }
});
afterEach(() => project.remove());

const chain = (...words: string[]) =>
  project.runWith({ env: { PATH: docker.path } }, "chain", ...words);

async function built(): Promise<void> {
  const { status, stderr } = await chain("build", "--only", "base", "--only", "sdk");
  expect({ status, stderr }).toMatchObject({ status: 0 });
}

/** The first words of a plan, by the image. */
async function actions(...words: string[]): Promise<Readonly<Record<string, string>>> {
  const { status, stdout } = await chain("plan", ...words, "--json");
  expect(status).toBe(0);
  const { units } = JSON.parse(stdout) as { units: { image: string; action: string }[] };
  return Object.fromEntries(units.map(({ image, action }) => [image, action]));
}

const SDK = ["--only", "base", "--only", "sdk"];

describe("oci-kit chain plan", () => {
  it("keeps what is made of the same, and says which files make it build what", async () => {
    await built();
    const kept = { base: "keep", "sdk-amd64": "keep", "sdk-arm64": "keep", "sdk-riscv64": "keep" };
    expect(await actions(...SDK)).toEqual(kept);
    project.write("sdk/tool", "another");
    const { stdout } = await chain("plan", ...SDK);
    expect(stdout).toMatch(/^keep {3}base/m);
    expect(stdout).toMatch(/^build {2}sdk-arm64 {4}added {2}tool$/m);
    expect(stdout).toContain("4 images: 3 to build, 1 to keep");
  });

  it("gives the jobs of a workflow what only files say, as a dry run does", async () => {
    await built();
    project.write("sdk/tool", "another");
    const { stdout } = await chain("plan", "--format", "github");
    expect(stdout).toContain('"architecture":"arm64","build":"--arch arm64 --only sdk"');
    const dry = await chain("build", "--dry-run", ...SDK);
    expect(dry.stdout).toContain("build sdk-arm64: added  tool");
  });

  it("knows the parent that is no part of what is asked for", async () => {
    await built();
    expect(await actions("--only", "sdk", "--arch", "arm64")).toEqual({ "sdk-arm64": "keep" });
    project.write("sdk/tool", "another");
    expect(await actions("--only", "sdk", "--arch", "arm64")).toEqual({ "sdk-arm64": "build" });
  });

  it("says of all architectures of an index that they are made anew when one is", async () => {
    await built();
    const made = await chain("build", "--only", "package", "--only", "runtime");
    expect(made).toMatchObject({ status: 0 });
    expect(Object.values(await actions())).toEqual(Array(8).fill("keep"));
    project.write("gcc/arm64/bin/more", "a file of one architecture");
    const { stdout } = await chain("plan");
    expect(stdout).toMatch(/^build {2}package-arm64 +its recipe or inputs changed/m);
    expect(stdout).toMatch(/^build {2}package-riscv64 /m);
    expect(stdout).toMatch(/^build {2}runtime /m);
    expect(stdout).toContain("8 images: 4 to build, 4 to keep");
  });

  it("without a builder says that what files make of it is not known, and why", async () => {
    await built();
    const { status, stdout, stderr } = await project.run("chain", "plan", ...SDK);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^unknown {2}base {9}what it is made of could not be compared: builder/m,
    );
    expect(stdout).toContain("4 images: 0 to build, 0 to keep, 4 unknown");
    expect(stderr.match(/Install docker/g)).toHaveLength(1);
  });

  it("says what was made from another parent than there is, whatever files are", async () => {
    const store = openRepository(parseReference(project.repository));
    await built();
    const old = `sha256:${"0".repeat(64)}`;
    const annotations = { "org.kataglyphis.parent-digest": `${project.repository}@${old}` };
    await putImage(store, { architecture: "amd64", annotations, tag: "sdk-amd64" });
    const { stdout } = await chain("plan", ...SDK);
    expect(stdout).toMatch(
      /^build {2}sdk-amd64 {4}base is sha256:[0-9a-f]{64} now; it was made from/m,
    );
  });

  it("without a registry still says all stages, and what it could not know", async () => {
    await project.server.close();
    const { status, stdout } = await chain("plan");
    expect(status).toBe(0);
    expect(stdout).toContain("8 images: 0 to build, 0 to keep, 8 unknown");
    expect((await chain("plan", "--offline")).stdout).toContain("8 unknown");
  });
});
