// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { putImage } from "../../../test/fixtures/family.ts";
import { configuration, createProject, type Project } from "../../../test/fixtures/project.ts";
import { ownedName } from "../../files/owned-name.ts";
import { openLayout } from "../../store/layout/layout.ts";

let project: Project;
const STAGES = {
  sdk: {
    perArch: true,
    dockerfile: "Dockerfile.sdk",
    from: "docker.io/library/debian:13",
    tag: "sdk-${ARCH}",
    layout: "out/sdk/${ARCH}",
  },
};
const NO_BUILDER = { env: { PATH: "/nonexistent" } };
/** A process that is certainly dead: process ids end before it. */
const DEAD = 4_194_305;

beforeEach(async () => {
  project = await createProject();
  project.write("linux/oci-kit.yaml", configuration(project.repository, { stages: STAGES }));
});
afterEach(() => project.remove());

const place = (path: string): string => join(project.directory, path);

async function layout(path: string, annotations: Readonly<Record<string, string>>): Promise<void> {
  const made = await openLayout(place(path), { create: true });
  await putImage(made, { architecture: "amd64", annotations, tag: "saved" });
}

describe("oci-kit prune --chain", () => {
  it("lists, then removes what the chain leaves: old layouts, replaced images, contexts of dead processes", async () => {
    const recorded = { "org.kataglyphis.run-id": "20261127-101112-0badcafe" };
    await layout("out/sdk/arm64", recorded);
    await layout("out/sdk/arm64", { ...recorded, replaced: "yes" });
    await layout("out/sdk/mips64", recorded);
    await layout("out/sdk/mine", {});
    const contexts = place("../cache/contexts");
    const left = ownedName("sdk").replace(`.${process.pid}.`, `.${DEAD}.`);
    const alive = ownedName("sdk");
    for (const name of [left, alive]) mkdirSync(join(contexts, name), { recursive: true });

    const planned = await project.runWith(NO_BUILDER, "prune", "--chain");
    expect(planned).toMatchObject({ status: 0, stderr: "" });
    expect(planned.stdout).toContain("would remove 1 layout: out/sdk/mips64\n");
    expect(planned.stdout).toMatch(/would remove 1 blob, .*: out\/sdk\/arm64\n/);
    expect(planned.stdout).toContain(`would remove 1 context: ${join(contexts, left)}\n`);
    expect(planned.stdout).toContain(
      "builder's cache was not looked at: builder: expected one that answers, got none\n",
    );
    expect(planned.stdout).toContain("--yes removes all of it");
    expect(existsSync(place("out/sdk/mips64"))).toBe(true);

    expect(await project.runWith(NO_BUILDER, "prune", "--chain", "--yes")).toMatchObject({
      status: 0,
    });
    const there = ["out/sdk/mips64", "out/sdk/arm64/index.json", "out/sdk/mine"];
    expect(there.map((path) => existsSync(place(path)))).toEqual([false, true, true]);
    expect([left, alive].map((name) => existsSync(join(contexts, name)))).toEqual([false, true]);
    const again = await project.runWith(NO_BUILDER, "prune", "--chain");
    expect(again.stdout).toContain("nothing to remove");
  });

  it.each([[[]], [["oci:out/x", "--chain"]], [["oci:out/x", "--builder", "b"]]])(
    "is refused beside a reference, and one of both is needed: %j",
    async (words: readonly string[]) => {
      const { status, stderr } = await project.run("prune", ...words);
      expect(status).toBe(1);
      expect(stderr).toContain("expected a layout or a repository, or --chain");
    },
  );
});
