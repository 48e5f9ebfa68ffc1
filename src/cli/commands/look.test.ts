// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProject, type JsonRan, type Project } from "../../../test/fixtures/project.ts";
import { digestBytes } from "../../bytes/hash.ts";

let project: Project;

beforeEach(async () => {
  project = await createProject();
  await project.run("assemble");
  expect((await project.run("manifest", "push", "latest-cross")).status).toBe(0);
});
afterEach(() => project.remove());

describe("inspect", () => {
  it("shows an index with its images, or one image by --platform", async () => {
    const index = await project.run("inspect", "latest-cross");
    expect(index).toMatchObject({ status: 0, stderr: "" });
    expect(index.stdout).toMatch(/^index sha256:[0-9a-f]{64}\n {2}linux\/amd64 {4}sha256:/);
    const image = await project.run("inspect", "latest-cross", "--platform", "riscv64");
    expect(image.stdout).toMatch(/^image sha256:[0-9a-f]{64}\n {2}platform {2}linux\/riscv64\n/);
    expect(image.stdout).toContain("env\n  PATH=/usr/bin\n");
  });

  it("with --raw prints the stored bytes, which match the digest", async () => {
    const { document } = (await project.json(...["inspect", "latest-cross"])) as JsonRan<{
      descriptor: { digest: string };
    }>;
    const { stdout } = await project.run("inspect", "latest-cross", "--raw");
    expect(digestBytes(new TextEncoder().encode(stdout))).toBe(document.descriptor.digest);
  });

  it("lists the available platforms when the requested one is missing", async () => {
    const { status, stderr } = await project.run("inspect", "latest-cross", "--platform", "s390x");
    expect(stderr).toContain("linux/s390x");
    expect(stderr).toContain("linux/riscv64");
    expect(status).toBe(1);
  });
});

describe("tags", () => {
  it("lists the tags of the configured repository, one on a line", async () => {
    const { status, stdout } = await project.run("tags");
    expect(stdout).toBe(
      "latest-cross\nlatest-cross-amd64\nlatest-cross-arm64\nlatest-cross-riscv64\n",
    );
    expect(status).toBe(0);
  });
});

describe("serve", () => {
  it("says that its port is taken and what to do, and leaves no files behind", async () => {
    const words = ["serve", "--port", String(project.server.port)];
    const before = project.list();
    const { status, stderr } = await project.run(...words);
    expect(project.list()).toEqual(before);
    expect(stderr).toBe(
      `oci-kit: 127.0.0.1:${project.server.port}: can't listen there: something else listens there\n` +
        "  try: Stop the other, or take another port: --port 0 takes a free one.\n",
    );
    expect(status).toBe(1);
  });
});
