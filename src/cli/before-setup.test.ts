// SPDX-License-Identifier: MIT
import { rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configuration, createProject, type Project } from "../../test/fixtures/project.ts";

let project: Project;

beforeEach(async () => {
  project = await createProject();
});
afterEach(() => project.remove());

describe("a command says what is missing and how to get it:", () => {
  it("assemble without a configuration", async () => {
    rmSync("linux", { recursive: true });
    for (const words of [["assemble"], ["assemble", "--arch", "riscv64"]]) {
      const { status, stderr } = await project.run(...words);
      expect(status).toBe(1);
      expect(stderr).toContain("expected linux/oci-kit.yaml here or in a directory above");
      expect(stderr).toContain("docs/recipe.md");
      expect(stderr).toContain("--base");
    }
  });

  it("assemble without the artifact's layout", async () => {
    const artifacts = { gcc: "oci:out/local-oci/android/${ARCH}", data: { directory: "data" } };
    project.write("linux/oci-kit.yaml", configuration(project.repository, { artifacts }));
    const before = project.list();
    const { status, stderr } = await project.run("assemble", "--arch", "riscv64");
    expect(status).toBe(1);
    expect(stderr).toContain("artifact gcc oci:out/local-oci/android/riscv64: ");
    expect(stderr).toContain(
      "nerdctl save IMAGE | oci-kit copy docker-archive:- oci:out/local-oci/android/riscv64",
    );
    expect(project.list()).toEqual(before);
  });

  it("assemble without a plain directory", async () => {
    rmSync("data", { recursive: true });
    const before = project.list();
    const { status, stderr } = await project.run("assemble");
    expect(status).toBe(1);
    expect(stderr).toContain("artifact data data: ");
    expect(stderr).toContain("  try: ");
    expect(project.list()).toEqual(before);
  });

  it("verify-links when nothing was assembled", async () => {
    const { status, stderr } = await project.run("verify-links", "out/linux-runtime");
    expect(status).toBe(1);
    expect(stderr).toContain("out/linux-runtime: expected a directory");
    expect(stderr).toContain("Assemble the images first (oci-kit assemble)");
  });

  it("manifest push when nothing was assembled or published", async () => {
    const { status, stderr } = await project.run("manifest", "push", "latest-cross");
    expect(status).toBe(1);
    expect(stderr).toContain(`${project.repository}:latest-cross: expected at least one image`);
    expect(stderr).toContain("oci-kit assemble");
  });

  it("manifest push when nothing was assembled and no registry answers", async () => {
    await project.server.close();
    const { status, stderr } = await project.run("manifest", "push", "latest-cross");
    expect(status).toBe(1);
    expect(stderr).toContain("out/linux-runtime: nothing is assembled there");
    expect(stderr).toContain("Assemble the images first: oci-kit assemble");
  });

  it("manifest push when no registry answers", async () => {
    await project.run("assemble");
    await project.server.close();
    const { status, stderr } = await project.run("manifest", "push", "latest-cross");
    expect(status).toBe(1);
    expect(stderr).toContain(`127.0.0.1:${project.server.port}`);
    expect(stderr).toContain(`oci-kit serve --port ${project.server.port} &`);
  });

  it("manifest push without a configuration", async () => {
    rmSync("linux", { recursive: true });
    const word = await project.run("manifest", "push", "latest-cross");
    expect(word.status).toBe(1);
    expect(word.stderr).toContain("a bare word is a tag of the configured repository");
    expect(word.stderr).toContain("Name the host");
    const layout = await project.run("manifest", "push", "oci:out/index:latest-cross");
    expect(layout.status).toBe(1);
    expect(layout.stderr).toContain("--from");
    expect(project.list()).not.toContain("out/");
  });
});

describe("a configuration that can't be read", () => {
  it("is reported with line and column when it is not YAML", async () => {
    project.write("linux/oci-kit.yaml", "version: 1\nimage: [\n");
    const { status, stderr } = await project.run("assemble");
    expect(status).toBe(1);
    expect(stderr).toMatch(/^oci-kit: linux\/oci-kit\.yaml:3:1: /);
  });

  it("is reported with line, column and key when a value is wrong", async () => {
    project.write(
      "linux/oci-kit.yaml",
      "version: 1\narchitectures: [amd64]\nbase: scratch\nlayers:\n  - name: a\n    stepz: []\n",
    );
    const { status, stderr } = await project.run("assemble");
    expect(status).toBe(1);
    expect(stderr).toContain(
      "linux/oci-kit.yaml:6:5: layers[0].stepz: unknown key; did you mean steps?",
    );
  });

  it("does not stop a command that does not need it", async () => {
    await project.run("assemble");
    project.write("linux/oci-kit.yaml", "version: [");
    expect((await project.run("inspect", "oci:out/linux-runtime/riscv64")).status).toBe(0);
  });
});
