// SPDX-License-Identifier: MIT
import { existsSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createProject, type Project } from "../../../test/fixtures/project.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { buildImage, buildIndex, type BuiltImage } from "../../testing/build-image.ts";

let project: Project;
let amd: BuiltImage;

beforeEach(async () => {
  project = await createProject();
  const images = await openLayout(join(project.directory, "images"), { create: true });
  amd = await buildImage(images, { layers: [{ file: "amd64" }] });
  const platform = { architecture: "arm64", os: "linux" };
  const arm = await buildImage(images, { layers: [{ file: "arm64" }], platform });
  await buildIndex(images, [amd, arm], { tag: "latest" });
});
afterEach(() => project.remove());

it("store add converts an image once and gives it further names without converting again", async () => {
  const first = await project.run("store", "add", "s", "oci:images:latest", "--platform", "amd64");
  expect(first.stderr).toBe("");
  expect(first.stdout).toMatch(
    /^oci:images:latest: sha256:[0-9a-f]{64} converted, in \/.*rootfs\n$/,
  );
  const second = await project.json(
    "store",
    "add",
    "s",
    `oci:images@${amd.descriptor.digest}`,
    "x/y",
    "z",
  );
  expect(second).toMatchObject({
    status: 0,
    document: { names: ["x/y", "z"], digest: amd.descriptor.digest, converted: false },
  });
  expect(readlinkSync("s/names/x%2fy")).toBe(readlinkSync("s/names/oci:images:latest"));
  const { stdout } = await project.run("store", "path", "s", "x/y");
  expect(existsSync(join(stdout.trimEnd(), "file"))).toBe(true);
});

it("store links, unlinks and lists names, and prunes conversions without a name", async () => {
  await project.run("store", "add", "s", "oci:images:latest", "a", "--platform", "linux/amd64");
  await project.run("store", "add", "s", "oci:images:latest", "b", "--platform", "linux/arm64");
  const linked = await project.run("store", "link", "s", "a", "b");
  expect(linked).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^b: sha256:/) as string,
  });
  const listed = (await project.run("store", "list", "s")).stdout.split("\n");
  expect(listed.map((line) => line.split(/ {2,}/).slice(0, 4).join("|")).sort()).toEqual([
    "",
    ...["(no name)", "a", "b"].map((name) => expect.stringContaining(`${name}|sha256:`) as string),
  ]);
  expect((await project.run("store", "prune", "s")).stdout).toBe("2 conversions kept\n");
  const prune = ["store", "prune", "s", "--min-age", "0s"];
  expect((await project.run(...prune, "--dry-run")).stdout).toMatch(
    /^would remove sha256-\S+ \(5 B\)\n1 conversion kept\n$/,
  );
  expect((await project.json(...prune)).document).toMatchObject({ kept: 1, dryRun: false });
  expect((await project.run("store", "unlink", "s", "a")).stdout).toBe("a: removed\n");
  expect((await project.run("store", "list", "s")).stdout).toMatch(/^b {2}sha256:/);
});

it("store list says what is wrong with a broken name, and store prune then removes nothing", async () => {
  await project.run("store", "add", "s", "oci:images:latest", "a", "--platform", "linux/amd64");
  symlinkSync(`../conversions/sha256-${"0".repeat(64)}`, "s/names/gone");
  expect((await project.run("store", "list", "s")).stdout).toContain(
    "broken: gone: gone: expected",
  );
  expect((await project.run("store", "path", "s", "gone")).status).toBe(1);
  writeFileSync("s/names/\u001b[31m", "");
  const { stdout } = await project.run("store", "list", "s");
  expect(stdout).toContain("broken: \\x1b[31m: ");
  const pruned = await project.run("store", "prune", "s", "--min-age", "0");
  expect(pruned).toMatchObject({ status: 1, stdout: "" });
  expect(pruned.stderr).toContain("expected the file name of a name");
});

it("store refuses wrong arguments and says what it expects", async () => {
  for (const [words, why] of [
    [["list", "nowhere"], "expected a store of conversions"],
    [["prune", "nowhere", "--min-age", "1y"], "--min-age: expected a duration"],
    [["add", "s", "oci:images:latest"], "expected one image, got 2"],
    [["add", "s", "oci:images:latest", ""], "name: expected text"],
  ] as const) {
    const { status, stderr } = await project.run("store", ...words);
    expect(stderr).toContain(why);
    expect(status).toBe(1);
  }
});
