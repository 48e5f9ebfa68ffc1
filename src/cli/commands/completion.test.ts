// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createImagesProject, type ImagesProject } from "../../../test/fixtures/images-project.ts";

let project: ImagesProject;

beforeEach(async () => {
  project = await createImagesProject();
});
afterEach(() => project.remove());

async function complete(...words: string[]): Promise<string[]> {
  const { status, stdout } = await project.run("__complete", "--", ...words);
  expect(status).toBe(0);
  return stdout.split("\n").filter((line) => line !== "");
}

describe("completion", () => {
  it("completes commands and the commands of a group", async () => {
    expect(await complete("reb")).toEqual(["rebase"]);
    expect(await complete("store", "un")).toEqual(["unlink"]);
    expect(await complete("")).not.toContain("__complete");
  });

  it("completes flags, and values from a fixed set", async () => {
    expect(await complete("copy", "--pl")).toEqual(["--plain-http", "--platform"]);
    expect(await complete("copy", "--progress", "j")).toEqual(["json"]);
    expect(await complete("completion", "")).toEqual(["bash", "fish", "zsh"]);
  });

  it("completes tags of a layout and of a registry", async () => {
    expect(await complete("inspect", "oci:images:o")).toEqual(["oci:images:one"]);
    await project.run("copy", "oci:images:one", `${project.repository}:stable`);
    expect(await complete("retag", `${project.repository}:st`)).toEqual([
      `${project.repository}:stable`,
    ]);
  });

  it("offers nothing for tags that can't be listed, and leaves file names to the shell", async () => {
    expect(await complete("inspect", "oci:nowhere:")).toEqual([]);
    expect(await complete("inspect", "./im")).toEqual([]);
  });

  it("in bash offers only the part after the last colon, because bash splits words there", async () => {
    const { stdout: script } = await project.run("completion", "bash");
    const test = `oci-kit() { printf 'oci:images:one\\n'; }
      ${script}
      COMP_LINE="oci-kit inspect oci:images:o" COMP_POINT=28
      COMP_WORDS=(oci-kit inspect oci : images : o) COMP_CWORD=6
      _oci_kit; printf '%s\\n' "\${COMPREPLY[@]}"`;
    expect(spawnSync("bash", ["-c", test], { encoding: "utf8" })).toMatchObject({
      stdout: "one\n",
      stderr: "",
    });
  });

  it.each(["bash", "zsh", "fish"])("prints a script for %s", async (shell) => {
    const { status, stdout } = await project.run("completion", shell);
    expect(status).toBe(0);
    expect(stdout).toContain("oci-kit __complete --");
  });
});
