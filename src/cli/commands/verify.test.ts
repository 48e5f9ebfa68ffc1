// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProject, type Project } from "../../../test/fixtures/project.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { buildImage } from "../../testing/build-image.ts";

let project: Project;
let rootfs: string;

beforeEach(async () => {
  project = await createProject();
  const store = await openLayout("image", { create: true });
  await buildImage(store, {
    tag: "1",
    layers: [{ "etc/": "", "etc/name": "oci-kit\n", "etc/odd\u001b": "x", tool: "x" }],
  });
  rootfs = "rootfs";
  expect(await project.run("unpack", "oci:image:1", rootfs)).toMatchObject({ status: 0 });
});
afterEach(() => project.remove());

const verify = (...words: string[]) =>
  project.run("verify", rootfs, "--against", "oci:image:1", ...words);

describe("verify --against", () => {
  it("says that a directory matches the image", async () => {
    const { status, stdout } = await verify();
    expect(stdout).toMatch(/^rootfs: compared 5 paths with .*: all as in the image\n$/);
    expect(status).toBe(0);
  });

  it("lists the differences with control characters escaped, and exits with 2", async () => {
    fs.rmSync(join(rootfs, "etc/odd\u001b"));
    fs.chmodSync(join(rootfs, "tool"), 0o700);
    const { status, stdout } = await verify("--ignore", "time");
    expect(stdout).toContain(
      "2 not as in the image\n  /etc/odd\\x1b: missing\n  /tool: mode: expected 0644, got 0700\n",
    );
    expect(status).toBe(2);
  });

  it("shows fifty differences, and with --json all of them", async () => {
    for (let at = 0; at < 60; at += 1) fs.writeFileSync(join(rootfs, `new${at}`), "");
    const { stdout } = await verify("--ignore", "time");
    expect(stdout.split("\n")).toHaveLength(53);
    expect(stdout).toContain("  and 10 more (--json lists all)\n");
    const words = ["verify", rootfs, "--against", "oci:image:1", "--ignore", "time"];
    const { status, document } = await project.json(...words);
    expect(document).toMatchObject({ ok: false, directory: "rootfs", sidecar: true, compared: 65 });
    expect((document as { differences: unknown[] }).differences).toHaveLength(60);
    expect(status).toBe(2);
  });

  it("finds changed contents behind an unchanged timestamp, because it reads every file", async () => {
    const { mtime } = fs.lstatSync(join(rootfs, "tool"));
    fs.writeFileSync(join(rootfs, "tool"), "y");
    fs.utimesSync(join(rootfs, "tool"), mtime, mtime);
    expect((await verify()).stdout).toContain("  /tool: content: expected sha256:");
  });

  it("works on a directory without a sidecar, and ignores the fields in --ignore", async () => {
    fs.rmSync("rootfs.oci-kit", { recursive: true });
    expect(await verify("--ignore", "owner")).toMatchObject({ status: 0 });
    fs.writeFileSync(join(rootfs, "tool"), "longer");
    const { stdout } = await verify("--ignore", "owner", "--ignore", "time");
    expect(stdout).toContain("1 not as in the image\n  /tool: size: expected 1, got 6\n");
  });

  it("exits with 1 for a damaged sidecar and for a missing directory", async () => {
    fs.truncateSync("rootfs.oci-kit/tree.mtree", 10);
    const damaged = await verify();
    expect(damaged.stderr).toContain("try: Run oci-kit unpack again");
    expect(damaged.status).toBe(1);
    rootfs = "nothing";
    expect(await verify()).toMatchObject({ status: 1 });
  });

  it("refuses an unknown field, several directories, and --ignore without --against", async () => {
    const wrong = await verify("--ignore", "colour");
    expect(wrong.stderr).toContain("--ignore: expected one of type, mode, owner, ");
    expect(wrong.status).toBe(1);
    const two = await project.run("verify", rootfs, rootfs, "--against", "oci:image");
    expect(two.stderr).toContain("verify: expected one directory with --against, got 2");
    expect(two.status).toBe(1);
    const stray = await project.run("verify", "oci:image", "--ignore", "time");
    expect(stray.stderr).toContain("--ignore goes with --against");
  });
});
