// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createImagesProject, type ImagesProject } from "../../test/fixtures/images-project.ts";

let project: ImagesProject;

beforeEach(async () => {
  project = await createImagesProject();
});
afterEach(() => project.remove());

describe("a hint leads to what was meant, not to a second error:", () => {
  it.each([
    [["inspect", "images", "--no-config"], "write oci:images."],
    [["inspect", "images:one"], "write oci:images:one."],
    [["inspect", "./images:one"], "oci:./images:one"],
    [
      ["inspect", "file.tar", "--no-config"],
      "write oci-archive:file.tar or docker-archive:file.tar",
    ],
    [
      ["copy", "oci:images:one", "new.tar", "--no-config"],
      "written oci-archive:new.tar or docker-archive:new.tar",
    ],
    [["copy", "oci:images:one", "./new:one"], "oci:./new:one"],
    [["inspect", "tree", "--no-config"], "write dir:tree."],
    [["inspect", "dir:tree"], "oci-kit pack DIR REF"],
    [["copy", "oci:images:one", "dir:new"], "oci-kit unpack REF DIR"],
    [["copy", "./tree", "oci:new"], "oci-kit pack ./tree REF"],
    [["append", "scratch", "oci:new", "--layer", "tree", "--no-config"], "oci-kit pack DIR REF"],
    [["inspect", "OCI:images:one"], "Write oci:images:one"],
    [["inspect", "oci-dir:images:one"], "Write oci:images:one"],
    [["tags", "localhost:5999"], "localhost:5999/REPOSITORY:TAG. oci-kit catalog localhost:5999"],
    [["inspect", "oci:images@sha256:0123456789ab"], "12 of 64 digits. oci-kit tags --digests"],
    [["inspect", "a.example/b@sha256:0123456789ab"], "12 of 64 digits. oci-kit tags --digests"],
    [["inspect", "oci:images:all", "--platform", "all"], "where --platform is not given"],
    [
      ["copy", "oci:images:all", "oci:new", "--platform", "amd64,arm64"],
      "--platform amd64 --platform arm64",
    ],
    [["inspect", "oci:images:all", "--platform", "arm64/v8"], "Did you mean linux/arm64/v8?"],
    [["unpack", "tree", "oci:images:one"], "oci-kit unpack REF DIR"],
    [["unpack", "oci:images:one", "-"], "oci-kit export REF is a tar"],
    [["pack", "oci:images:one", "tree"], "oci-kit pack DIR REF"],
    [["serve", "oci:images"], "oci-kit serve DIR"],
    [["retag", "oci:images:one", "oci:images:two"], "oci-kit retag SRC two"],
    [["retag", "oci:images:one", "a.example/b"], "oci-kit copy SRC DST"],
    [["manifest", "inspect", "oci:images:all"], "Here it is oci-kit inspect;"],
    [["help", "cpoy"], "Did you mean copy?"],
    [["store", "--json"], "store: expected one of its commands"],
    [["inspect", "oci:images:one", "--limit", "entries=10XB"], "a size as 500MB or 8GiB"],
    [["tags", "--config", "tree"], "expected a readable file, got"],
  ])("%j", async (words, told) => {
    mkdirSync("tree");
    writeFileSync("tree/file", "x");
    writeFileSync("file.tar", "x");
    const { status, stdout, stderr } = await project.run(...words);
    expect(`${stdout}${stderr}`).toContain(told);
    expect(status).toBe(1);
    expect(readdirSync(".").filter((name) => name.startsWith("new"))).toEqual([]);
  });

  it("an archive's image of another name is not there; its name is taken for no digest", async () => {
    await project.run("copy", "oci:images:one", "docker-archive:saved.tar:app:1");
    const { status, stderr } = await project.run("inspect", "docker-archive:saved.tar:nope:2");
    expect(stderr).toContain('expected an image "nope:2", got none');
    expect(status).toBe(1);
  });
});

describe("what can't end well changes nothing:", () => {
  it("a directory that can't become a layout keeps its time", async () => {
    mkdirSync("tree");
    writeFileSync("tree/file", "x");
    const { mtimeMs } = statSync("tree");
    for (const words of [
      ["copy", "oci:images:one", "oci:tree:t"],
      ["pack", "tree", "oci:tree"],
      ["serve", "tree", "--port", "0"],
    ]) {
      expect((await project.run(...words)).status).toBe(1);
    }
    expect(statSync("tree").mtimeMs).toBe(mtimeMs);
  });

  it.each(["oci:new:bad tag", "oci-archive:new:bad tag", "docker-archive:new:Bad Name"])(
    "a tag that the target can't have, as %j",
    async (target) => {
      const { status } = await project.run("copy", "oci:images:one", target);
      expect(status).toBe(1);
      expect(existsSync("new")).toBe(false);
    },
  );

  it("an index for a docker-archive is refused by a dry run too", async () => {
    for (const words of [[], ["--dry-run"]]) {
      const { status, stderr } = await project.run(
        "copy",
        "oci:images:all",
        "docker-archive:new",
        ...words,
      );
      expect(stderr).toContain("docker loads no index");
      expect(stderr).toContain("Choose one with --platform");
      expect(status).toBe(1);
    }
    expect(existsSync("new")).toBe(false);
  });

  it.each(["absent", "[", "{}"])(
    "a target whose index.json is lost is refused before blobs come, and the hint helps: %s",
    async (content) => {
      await project.run("copy", "oci:images:one", "oci:new:one");
      rmSync("new/index.json");
      if (content !== "absent") writeFileSync("new/index.json", content);
      rmSync("new/blobs", { recursive: true });
      const copied = await project.run("copy", "oci:images:one", "oci:new:one");
      expect(copied.stderr).toContain("new/index.json");
      expect(copied.stderr).toContain("oci-kit copy SRC oci:new:TAG begins a new list");
      expect(copied.status).toBe(1);
      expect(existsSync("new/blobs")).toBe(false);
      expect((await project.run("tags", "oci:new")).stderr).toContain("begins a new list");
      rmSync("new/index.json", { force: true });
      rmSync("new/oci-layout");
      expect((await project.run("copy", "oci:images:one", "oci:new:one")).status).toBe(0);
      expect((await project.run("inspect", "oci:new:one")).status).toBe(0);
    },
  );
});
