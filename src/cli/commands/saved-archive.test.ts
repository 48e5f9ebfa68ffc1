// SPDX-License-Identifier: MIT
import { writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProject, type Project } from "../../../test/fixtures/project.ts";
import { digestEncoded } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { formatJson } from "../../oci/json.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { buildImage, buildIndex, type BuiltImage } from "../../testing/build-image.ts";
import { rawEntry, rawTar } from "../../testing/raw-tar.ts";
import { collect } from "../../testing/store-contract/store-content.ts";

let project: Project;
let arm64: BuiltImage;

/** Writes what docker save makes of an index with two platforms when only amd64 was pulled. */
beforeEach(async () => {
  project = await createProject();
  const store = createMemoryStore();
  const build = (architecture: string) =>
    buildImage(store, {
      platform: { architecture, os: "linux" },
      layers: [{ hello: architecture }],
    });
  const amd64 = await build("amd64");
  arm64 = await build("arm64");
  const index = await buildIndex(store, [amd64, arm64]);
  const entries = [
    rawEntry({ name: "oci-layout" }, '{"imageLayoutVersion":"1.0.0"}'),
    rawEntry({ name: "index.json" }, formatJson({ schemaVersion: 2, manifests: [index] })),
  ];
  const held: Descriptor[] = [index, amd64.descriptor, amd64.config, ...amd64.layers];
  for (const descriptor of held) {
    const name = `blobs/sha256/${digestEncoded(descriptor.digest)}`;
    entries.push(rawEntry({ name }, await collect(store.fetch(descriptor))));
  }
  writeFileSync("saved.tar", rawTar(...entries));
});
afterEach(() => project.remove());

describe("an archive by docker save of a multi-platform image with only one platform pulled", () => {
  it.each([
    ["unpack", ["saved"]],
    ["export", ["-o", "rootfs.tar"]],
    ["flatten", ["oci:flat:t"]],
    ["copy", ["oci:copied:t"]],
    ["copy", ["oci:copied:t", "--platform", "linux/amd64"]],
  ])("%s takes the platform that is present", async (command, words) => {
    const words2 = command === "export" ? [...words, SAVED] : [SAVED, ...words];
    expect(await project.run(command, ...words2)).toMatchObject({ status: 0, stderr: "" });
  });

  it("copy names the missing platform and writes a complete layout", async () => {
    const { stdout } = await project.run("copy", SAVED, "oci:copied:t");
    expect(stdout).toContain(`not in the source: linux/arm64 ${arm64.descriptor.digest}`);
    const { document } = await project.json("copy", SAVED, "oci:copied:t");
    expect(document).toMatchObject({ absent: [{ digest: arm64.descriptor.digest }] });
    expect((await project.run("copy", "oci:copied:t", "oci:again:t")).stdout).not.toContain(
      "not in",
    );
    expect((await project.run("verify-links", "oci:copied:t", "--expect", "/x=/y")).stderr).toBe(
      "",
    );
  });

  it("copy names the platform when --platform asks for a missing one", async () => {
    const words = ["copy", SAVED, "oci:copied:t", "--platform", "linux/arm64"];
    expect((await project.run(...(words as [string]))).stderr).toMatch(/linux\/arm64/);
  });
});

const SAVED = "docker-archive:saved.tar";
