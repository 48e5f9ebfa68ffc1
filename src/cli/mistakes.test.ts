// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createImagesProject, type ImagesProject } from "../../test/fixtures/images-project.ts";
import { FIND_FLAGS, OTHER_COMMANDS, OTHER_FLAGS } from "./input/other-tools-words.ts";

let project: ImagesProject;

beforeEach(async () => {
  project = await createImagesProject();
});
afterEach(() => project.remove());

describe("a mistake is told, and what to do:", () => {
  it.each([
    [["pull", "a"], "oci-kit copy HOST/REPO:TAG oci:DIR:TAG"],
    [["tag", "oci:images:one", "b"], "oci-kit retag SRC TAG"],
    [["copy", "--tls-verify=false", "a", "b"], "Did you mean --insecure?"],
    [["pack", "--arch", "arm64", "a", "oci:b"], "Did you mean --platform?"],
    [["cache", "purge"], 'unknown command "purge"'],
    [["inspect", "docker-daemon:alpine:3"], "docker save alpine:3 | oci-kit copy docker-archive:-"],
    [["inspect", "containers-storage:a/b:3"], "podman save a/b:3 |"],
    [["inspect", "oci://images:one"], "Write oci:images:one"],
    [["inspect", "docker-archive://x.tar"], "Write docker-archive:x.tar"],
    [["inspect", "oci:images:nope"], "oci-kit tags oci:images says what there is"],
    [["-C", "nope", "inspect", "oci:images:one"], '-C "nope": expected a directory, got nothing'],
    [["-C", "file", "inspect", "oci:images:one"], '-C "file": expected a directory, got a file'],
    [["inspect", "oci-archive:file"], "Is it an archive at all?"],
    [["-q", "copy", "a", "b"], "The options of a command stand after it;"],
    [["--versoin"], "Did you mean --version?"],
    [["copy", "oci:images:one", "oci:file:t"], "which is a directory, got a file"],
    [["copy", "oci:images:one", "oci:/dev/null:t"], "which is a directory, got a device"],
  ])("%j", async (words, told) => {
    writeFileSync("file", "x");
    const { status, stderr } = await project.run(...words);
    expect(stderr).toContain(told);
    expect(status).toBe(1);
  });

  it("an architecture whose letters changed places", async () => {
    writeFileSync(
      "oci-kit.yaml",
      "version: 1\nimage: a.example/b\narchitectures: [riscv46, sparc]\nbase: scratch\nlayers: []\n",
    );
    const { status, stderr } = await project.run("assemble", "--config", "oci-kit.yaml");
    expect(stderr).toContain("oci-kit.yaml:3:17: architectures[0]: unknown architecture riscv46;");
    expect(stderr).toContain("did you mean riscv64?");
    expect(stderr).not.toContain("sparc");
    expect(status).toBe(1);
  });

  it("a layout that is named as one is not taken for a name of Docker Hub", async () => {
    const { stderr } = await project.run("inspect", "oci:nope:t");
    expect(stderr).toContain("no such directory");
    expect(stderr).not.toContain("Docker Hub");
  });

  it("a platform that is not there ends an image and an index with the same status", async () => {
    for (const reference of ["oci:images:one", "oci:images:all"]) {
      const { status, stderr } = await project.run(
        "inspect",
        reference,
        "--platform",
        "linux/mips",
      );
      expect(stderr).toContain("expected an image for linux/mips");
      expect(stderr).toContain("Name a platform that is there");
      expect(status).toBe(1);
    }
  });

  it("what --drop and --rename name and no layer has", async () => {
    mkdirSync("tree");
    writeFileSync("tree/file", "x");
    const words = ["append", "oci:images:one", "oci:new", "--layer", "tree"];
    const edits = ["--drop", "nope", "--drop", "fil*", "--rename", "gone=b"];
    const { status, stderr } = await project.run(...words, ...edits);
    expect(stderr).toContain('--drop "nope": nothing in the layers matches it');
    expect(stderr).toContain('--rename "gone=b": nothing in the layers matches it');
    expect(stderr).not.toContain("fil*");
    expect(status).toBe(0);
  });
});

describe("the words of other tools", () => {
  it("lead to commands and flags that there are", async () => {
    const commands = [...OTHER_COMMANDS.values()].filter((typed) => /^oci-kit [a-z]/.test(typed));
    for (const typed of commands) {
      expect((await project.run(typed.split(" ")[1]!, "--help")).status).toBe(0);
    }
    const { stdout } = await project.run("inspect", "--help");
    for (const flag of OTHER_FLAGS.values()) expect(stdout).toContain(flag);
    const { stdout: found } = await project.run("find", "--help");
    for (const flag of FIND_FLAGS.values()) expect(found).toContain(flag);
  });
});
