// SPDX-License-Identifier: MIT
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createImagesProject, type ImagesProject } from "../../test/fixtures/images-project.ts";
import { answer, startFaultyRegistry } from "../testing/faulty-registry.ts";
import { openLayout } from "../store/layout/layout.ts";
import { buildImage, buildIndex } from "../testing/build-image.ts";

/** Would clear the screen, set the window title, break lines and reverse the direction of text. */
const EVIL = "a\u001b[2J\u001b]0;title\u0007b\r\nc\u009b31md\u202ee";
// every control character except the newline, and every character that changes the direction of text
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

let project: ImagesProject;

beforeEach(async () => {
  project = await createImagesProject();
  const layout = await openLayout("evil", { create: true });
  const image = await buildImage(layout, {
    layers: [{ [`dir/${EVIL}`]: "1", link: { symlink: EVIL } }],
    platform: { architecture: "arm64", os: "linux", variant: EVIL },
    config: { User: EVIL, Env: [`A=${EVIL}`], Cmd: [EVIL], Labels: { [EVIL]: EVIL } },
  });
  await buildIndex(layout, [{ ...image.descriptor, annotations: { [EVIL]: EVIL } }], {
    tag: "all",
  });
  await layout.tag(image.descriptor, "one");
  mkdirSync(`dir-${EVIL}`);
  writeFileSync(`dir-${EVIL}/${EVIL}`, "x");
});
afterEach(() => project.remove());

/** Renames the layout's tag `one` to a name that is not a valid tag. */
function renameTag(): void {
  const index = readFileSync("evil/index.json", "utf8");
  writeFileSync("evil/index.json", index.replace('"one"', JSON.stringify(EVIL)));
}

describe("hostile names never reach a terminal unescaped, whether printed by", () => {
  const dir = `dir-${EVIL}`;
  it.each([
    ["inspect", "oci:evil:one"],
    ["inspect", "oci:evil:all"],
    ["inspect", "--raw", "oci:evil:all"],
    ["copy", "oci:evil:one", `oci:out-${EVIL}`],
    ["copy", `oci:${EVIL}`, "oci:out"],
    ["retag", `oci:evil:one`, EVIL],
    ["export", "oci:evil:one", "-o", `out-${EVIL}.tar`],
    ["export", `${EVIL}/${EVIL}`],
    ["unpack", "oci:evil:one", `out-${EVIL}`],
    ["unpack", "oci:evil:one", "out", "--dry-run"],
    ["verify", dir, "--against", "oci:evil:one"],
    ["verify", dir, "--against", "oci:evil:one", "--ignore", EVIL],
    ["verify-links", "oci:evil:one"],
    ["verify-links", dir],
    ["pack", dir, `oci:packed-${EVIL}`],
    ["pack", dir, "oci:packed", "--base", "oci:evil:one", "--dry-run"],
    ["ls", "-l", "oci:evil:one", "dir"],
    ["ls", "oci:evil:one", EVIL],
    ["cat", "oci:evil:one", `/dir/${EVIL}`],
    ["cat", "oci:evil:one", "/link"],
    ["stat", "oci:evil:one", "/link"],
    ["find", "oci:evil:one", "--name", `*${EVIL}[`],
    ["find", "oci:evil:one"],
    ["history", "oci:evil:one"],
    ["history", "oci:evil:one", "/link"],
    ["diff", "oci:evil:one", `dir:${dir}`],
    ["flatten", "oci:evil:one", `oci:flat-${EVIL}`],
    ["append", "oci:evil:one", "oci:appended", "--layer", dir, "--drop", EVIL],
    ["rebase", "oci:evil:one", "oci:re", "--old-base", "oci:evil:one", "--new-base", EVIL],
    ["config", "oci:evil:one", "oci:changed", "--env", EVIL],
    ["config", "oci:evil:one", `oci:changed-${EVIL}`, "--user", EVIL],
    ["manifest", "push", "oci:pushed:t", "--from", "oci:evil:one", "--dry-run"],
    ["store", "add", "roots", "oci:evil:one", EVIL],
    ["store", "unlink", "roots", EVIL],
    ["assemble", "--arch", EVIL],
    ["assemble", "--set", EVIL],
    ["serve", "--port", EVIL],
    [EVIL],
    ["tags", `--${EVIL}`],
  ])("%j", async (...words) => {
    for (const json of [[], ["--json"]]) {
      const ran = await project.runWith({ isTTY: true }, ...words, "--quiet", ...json);
      expect(ran.stdout).not.toMatch(RAW);
      expect(ran.stderr).not.toMatch(RAW);
      expect(ran.stdout + ran.stderr).not.toBe("");
    }
  });

  it("the progress display", async () => {
    const words = ["append", "oci:evil:one", "oci:more", "--layer", dir];
    const { stderr } = await project.runWith({ isTTY: true }, ...words);
    expect(stderr.replaceAll(/\r?\u001b\[(?:\d+A\u001b\[)?J/g, "")).not.toMatch(RAW);
  });
});

describe("oci-kit tags", () => {
  it("prints each tag of a layout on one line, even one with line breaks in its name", async () => {
    renameTag();
    const { stdout } = await project.run("tags", "oci:evil");
    expect(stdout).not.toMatch(RAW);
    expect(stdout.trimEnd().split("\n")).toHaveLength(2);
  });

  it("prints each tag from a lying registry on one line, or refuses the list", async () => {
    const list = JSON.stringify({ name: "a", tags: ["fine", EVIL] });
    const type = { "content-type": "application/json" };
    const registry = await startFaultyRegistry([
      { on: /^GET \/v2\/a\/tags\/list/, reply: answer(200, type, list) },
      { on: "GET /v2/", reply: answer(200) },
    ]);
    try {
      const { stdout, stderr } = await project.run("tags", `${registry.host}/a`);
      expect(stdout + stderr).not.toMatch(RAW);
      expect(stdout.split("\n").length).toBeLessThanOrEqual(3);
    } finally {
      await registry.close();
    }
  });
});
