// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeDpkgImage, makePackages } from "../../../test/fixtures/dpkg-image.ts";
import { createProject, type Project } from "../../../test/fixtures/project.ts";
import { openLayout } from "../../store/layout/layout.ts";

let project: Project;
beforeEach(async () => {
  project = await createProject();
});
afterEach(() => project.remove());

const PACKAGES = makePackages(20);

/** Saves an artifact in which some packages are of version 2, and the configuration that splits it. */
async function saveSystem(split: string, ...newer: readonly number[]): Promise<void> {
  const store = await openLayout("saved/system", { create: true });
  const packages = PACKAGES.map((each, at) => ({ ...each, version: newer.includes(at) ? 2 : 1 }));
  await makeDpkgImage(packages, { store, tag: "latest" });
  project.write(
    "linux/oci-kit.yaml",
    `version: 1
image: ${project.repository}
architectures: [amd64]
base: scratch
compression: none
artifacts: { system: "oci:saved/system" }
layers:
  - name: system
    split: ${split}
    steps:
      - copy: "/{bin,usr,var}"
`,
  );
}

async function assemble(...words: string[]): Promise<string> {
  const { status, stdout, stderr } = await project.run("assemble", ...words);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

describe("assemble with a layer that is split", () => {
  it("LOOK", async () => {
    await saveSystem("true");
    const say = async (...w: string[]) => { console.log(w.join(" ")); const r = await project.run("assemble", ...w); console.log(r.status, r.stdout, r.stderr); };
    await say("--dry-run");
    await say("--rate", "1MB/s", "--dry-run");
    await say();
    await saveSystem("{ layers: 12 }", 0, 9);
    await say("--rate", "1MB/s", "--dry-run");
    await saveSystem("true", 0, 9);
    await say("--rate", "1MB/s", "--dry-run");
    await say("--no-previous", "--dry-run");
    await say("--previous", "oci:out/linux-runtime/amd64", "--output", "oci:other", "--rate", "100kB/s");
    await say("--previous", "oci:nowhere");
    await say("--rate", "1MB/s");
    for (const split of ["false", "3", "{ layers: 1 }", "{ layer: 5 }", "{ components: { a: [] } }", "{ layers: \"5\" }"]) { await saveSystem(split); await say(); }
  });
});
