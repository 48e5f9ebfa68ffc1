// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createImagesProject, type ImagesProject } from "../../../test/fixtures/images-project.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { listLayer } from "../../testing/list-layer.ts";

let project: ImagesProject;

beforeEach(async () => {
  project = await createImagesProject();
});
afterEach(() => project.remove());

describe("export", () => {
  it("writes the merged tree to stdout and its summary to stderr", async () => {
    const { status, stdout, stderr, bytes } = await project.run("export", "oci:images:one");
    expect(status).toBe(0);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/exported \S+: 4 entries, 1 B\n/);
    expect(listLayer(bytes!).map(({ entry }) => entry.path)).toEqual(["a/", "a/b", "c", "a/d"]);
  });

  it("writes a file completely or not at all", async () => {
    const { document } = await project.json("export", "oci:images:one", "-o", "rootfs.tar");
    const tar = readFileSync("rootfs.tar");
    expect(document).toMatchObject({
      file: "rootfs.tar",
      entries: 4,
      bytes: 1,
      tar: { digest: digestBytes(tar), size: tar.length },
    });
    const before = project.list();
    expect((await project.run("export", "oci:images:no", "-o", "rootfs.tar")).status).toBe(1);
    expect(project.list()).toEqual(before);
    expect(readFileSync("rootfs.tar").equals(tar)).toBe(true);
  });

  it("with --dry-run says what it would write", async () => {
    const before = project.list();
    const words = ["export", "oci:images:one", "-o", "rootfs.tar", "--dry-run"];
    expect((await project.json(...words)).document).toMatchObject({
      dryRun: true,
      entries: 4,
      bytes: 1,
    });
    expect(project.list()).toEqual(before);
  });

  it("refuses to write to a terminal, and refuses an index without --platform", async () => {
    const onTerminal = await project.runWith({ isTTY: true }, "export", "oci:images:one");
    expect(onTerminal).toMatchObject({ status: 1 });
    expect(onTerminal.stderr).toContain("expected a pipe or a file for stdout, got a terminal");
    const index = await project.run("export", "oci:images:all");
    expect(index.stderr).toContain("expected one image, got 2");
    const one = await project.run("export", "oci:images:all", "--platform", "linux/riscv64");
    expect(one.status).toBe(0);
  });
});
