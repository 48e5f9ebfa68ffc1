// SPDX-License-Identifier: MIT
import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createImagesProject, type ImagesProject } from "../../../test/fixtures/images-project.ts";

let project: ImagesProject;

beforeEach(async () => {
  project = await createImagesProject();
  project.write("tree/file", "x");
});
afterEach(() => project.remove());

const FLAGS = [
  "--base",
  "scratch",
  "--artifact",
  "dir:data",
  "--copy",
  "/share",
  "--arch",
  "arm64",
];

it.each([
  ["copy", "oci:images:one", "TARGET"],
  ["append", "oci:images:one", "TARGET", "--layer", "tree"],
  ["config", "oci:images:one", "TARGET", "--user", "me"],
  ["flatten", "oci:images:one", "TARGET"],
  [
    "rebase",
    "oci:images:one",
    "TARGET",
    "--old-base",
    "oci:images:one",
    "--new-base",
    "oci:images:one",
  ],
  ["pack", "tree", "TARGET"],
  ["assemble", ...FLAGS, "--output", "TARGET"],
])("an archive that exists is written over only with --replace: %s", async (...words) => {
  for (const kind of ["oci-archive", "docker-archive"]) {
    writeFileSync("kept.tar", "precious");
    const called = words.map((word) => (word === "TARGET" ? `${kind}:kept.tar:a/b:1` : word));
    for (const dry of [[], ["--dry-run"]]) {
      const { status, stderr } = await project.run(...called, ...dry);
      expect(stderr).toContain("expected no such file, got one that exists");
      expect(stderr).toContain("--replace");
      expect(status).toBe(1);
    }
    expect(readFileSync("kept.tar", "utf8")).toBe("precious");
    expect(await project.run(...called, "--replace")).toMatchObject({ status: 0 });
    expect(await project.run("inspect", `${kind}:kept.tar`)).toMatchObject({ status: 0 });
  }
});

it("a layout has no need of --replace: its tag is moved", async () => {
  for (const source of ["one", "one"]) {
    expect(await project.run("copy", `oci:images:${source}`, "oci:new:a")).toMatchObject({
      status: 0,
    });
  }
});
