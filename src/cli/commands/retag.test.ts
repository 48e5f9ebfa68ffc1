// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, expect, it } from "vitest";
import { createProject, type JsonRan, type Project } from "../../../test/fixtures/project.ts";
import { startRecordingProxy } from "../../../test/fixtures/recording-proxy.ts";

let project: Project;

beforeEach(async () => {
  project = await createProject();
  await project.run("assemble");
  expect((await project.run("manifest", "push", "latest-cross")).status).toBe(0);
});
afterEach(() => project.remove());

async function digestOf(reference: string): Promise<unknown> {
  const { document } = (await project.json("inspect", reference)) as JsonRan<{
    descriptor: { digest: string };
  }>;
  return document.descriptor.digest;
}

it("retag sends one manifest PUT for each tag and touches no blob", async () => {
  const proxy = await startRecordingProxy(project.server.port);
  try {
    const source = `${proxy.host}/family/image:latest-cross`;
    const { status, stdout } = await project.run("retag", source, "stable", "2026.11");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^tagged sha256:[0-9a-f]{64} as stable in 127/);
    const puts = proxy.requests.filter((request) => request.startsWith("PUT "));
    expect(puts).toEqual([
      "PUT /v2/family/image/manifests/stable",
      "PUT /v2/family/image/manifests/2026.11",
    ]);
    expect(proxy.requests.filter((request) => request.includes("/blobs/"))).toEqual([]);
  } finally {
    await proxy.close();
  }
  expect(await digestOf("stable")).toBe(await digestOf("latest-cross"));
});

it("retag adds tags in a layout, and with --dry-run only says so", async () => {
  const source = "oci:out/linux-runtime/riscv64:latest";
  const dry = await project.run("retag", source, "stable", "--dry-run");
  expect(dry.stdout).toMatch(/^would tag sha256:[0-9a-f]{64} as stable in oci:out\/linux-runtime/);
  expect((await project.json("tags", "oci:out/linux-runtime/riscv64")).document).toEqual({
    store: "oci:out/linux-runtime/riscv64",
    tags: ["latest"],
  });
  expect((await project.run("retag", source, "stable")).status).toBe(0);
  expect(await digestOf("oci:out/linux-runtime/riscv64:stable")).toBe(await digestOf(source));
});

it("retag fails and sets no tag when the source does not exist", async () => {
  const { status, stderr } = await project.run("retag", "nowhere", "stable");
  expect(stderr).toContain("nowhere");
  expect(status).toBe(1);
  expect((await project.run("tags")).stdout).not.toContain("stable");
});

it("retag sets no tag when one of them is malformed", async () => {
  const { status, stderr } = await project.run("retag", "latest-cross", "stable", "not/a/tag");
  expect(stderr).toContain('got "not/a/tag"');
  expect(status).toBe(1);
  expect((await project.run("tags")).stdout).not.toContain("stable");
});
