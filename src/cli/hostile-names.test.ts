// SPDX-License-Identifier: MIT
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createImagesProject, type ImagesProject } from "../../test/fixtures/images-project.ts";
import { configuration } from "../../test/fixtures/project.ts";
import { EVIL, RAW } from "../../test/fixtures/hostile-text.ts";
import { openLayout } from "../store/layout/layout.ts";
import { buildImage, buildIndex } from "../testing/build-image.ts";

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
  const stages = { base: { dockerfile: EVIL, from: EVIL, tag: "base", layout: EVIL } };
  project.write("evil.yaml", configuration(project.repository, { stages }));
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
    ["manifest", "create", "oci:evil:new", "--from", "oci:evil:all", "--annotation", `${EVIL}=x`],
    ["manifest", "create", `oci:evil:${EVIL}`, "--from", "oci:evil:one"],
    ["manifest", "add", "oci:evil:all", "oci:evil:one"],
    ["manifest", "add", "oci:evil:all", EVIL],
    ["manifest", "remove", "oci:evil:all", EVIL],
    ["manifest", "remove", "oci:evil:all", "--platform", `linux/arm64/${EVIL}`],
    ["manifest", "annotate", "oci:evil:all", "--annotation", `${EVIL}=${EVIL}`],
    ["manifest", "annotate", "oci:evil:all", "--platform", EVIL, "--variant", EVIL],
    ["manifest", "repair", "oci:evil:all"],
    ["manifest", "repair", "oci:evil:all", "--arch", EVIL],
    ["copy", "--all-tags", "oci:evil", `oci:out-${EVIL}`],
    ["copy", "--all-tags", "--filter", EVIL, "oci:evil", "oci:out"],
    ["copy", "--format", "docker", "oci:evil:all", "oci:out:t"],
    ["copy", "--platform", EVIL, "--platform", "linux/arm64", "oci:evil:all", "oci:out:t"],
    ["digest", "oci:evil:one", "--platform", EVIL],
    ["digest", `oci:evil:${EVIL}`],
    ["tags", "--digests", "oci:evil"],
    ["tags", `127.0.0.1/${EVIL}`],
    ["catalog", EVIL],
    ["referrers", "oci:evil:one", "--type", EVIL],
    ["referrers", `oci:evil:${EVIL}`],
    ["delete", `oci:evil:${EVIL}`],
    ["delete", "--manifest", "--dry-run", "oci:evil:one"],
    ["prune", "oci:evil"],
    ["prune", `oci:${EVIL}`],
    ["login", EVIL, "-u", EVIL],
    ["logout", `127.0.0.1/${EVIL}`],
    ["doctor", EVIL],
    ["token", `dir-${EVIL}`, "--allow", EVIL],
    ["token", "--revoke", EVIL],
    ["artifact", "push", "oci:evil:files", `${dir}/${EVIL}`, "--type", "application/x"],
    ["artifact", "push", "oci:evil:files", `${dir}/${EVIL}`, "--type", EVIL],
    ["artifact", "attach", "oci:evil:one", `${dir}/${EVIL}:${EVIL}`, "--type", "application/x"],
    ["artifact", "attach", "oci:evil:one", dir, "--type", "a/b", "--annotation", `${EVIL}=${EVIL}`],
    ["artifact", "pull", "oci:evil:one", `out-${EVIL}`],
    ["artifact", "pull", `oci:evil:${EVIL}`, "out"],
    ["store", "add", "roots", "oci:evil:one", EVIL],
    ["store", "unlink", "roots", EVIL],
    ["assemble", "--arch", EVIL],
    ["chain", "describe", "--offline", "--config", "evil.yaml"],
    ["chain", "describe", "--offline", "--config", "evil.yaml", "--only", EVIL],
    ["chain", "describe", "--offline", "--config", "evil.yaml", "--svg", `${EVIL}.svg`],
    ["chain", "plan", "--offline", "--config", "evil.yaml", "--format", "github"],
    ["chain", "verify", "--config", "evil.yaml", "--variant", EVIL],
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
});
