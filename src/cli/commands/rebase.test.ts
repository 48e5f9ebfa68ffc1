// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createImagesProject,
  writeTar,
  type ImagesProject,
} from "../../../test/fixtures/images-project.ts";

let project: ImagesProject;

beforeEach(async () => {
  project = await createImagesProject();
});
afterEach(() => project.remove());

describe("rebase", () => {
  it("puts the layers of an image on a new base, and those of each image of an index", async () => {
    await writeTar("own.tar", { own: "1" }, "none");
    await writeTar("base.tar", { base: "2" }, "none");
    for (const tag of ["one", "all"]) {
      await project.edited(
        "append",
        `oci:images:${tag}`,
        `oci:images:app-${tag}`,
        "--layer",
        "own.tar",
      );
    }
    await project.edited("append", "oci:images:all", "oci:images:base", "--layer", "base.tar");
    const bases = ["--old-base", "oci:images:all", "--new-base", "oci:images:base"];
    await project.edited("rebase", "oci:images:app-one", "oci:images:rebased", ...bases);
    expect(await project.exported("oci:images:rebased")).toEqual([
      "a/",
      "a/b",
      "c",
      "a/d",
      "base",
      "own",
    ]);
    const { images } = await project.edited(
      "rebase",
      "oci:images:app-all",
      "oci:images:all-2",
      ...bases,
    );
    expect(images).toHaveLength(2);
    const { manifest } = await project.inspected("oci:images:rebased");
    expect(Object.keys(manifest.annotations!)).toEqual(["org.opencontainers.image.base.digest"]);
  });

  it("names the new base in the annotations when it is in a registry", async () => {
    const base = `${project.repository}:base`;
    expect((await project.run("copy", "oci:images:one", base)).status).toBe(0);
    await project.edited("rebase", base, "oci:images:on", "--old-base", base, "--new-base", base);
    const { annotations } = (await project.inspected("oci:images:on")).manifest;
    expect(annotations?.["org.opencontainers.image.base.name"]).toBe(base);
  });

  it("refuses an image that was not built on the old base", async () => {
    await project.edited("flatten", "oci:images:one", "oci:images:flat");
    const bases = ["--old-base", "oci:images:flat", "--new-base", "oci:images:one"];
    const { status, stderr } = await project.run(
      "rebase",
      "oci:images:one",
      "oci:images:x",
      ...bases,
    );
    expect(stderr).toContain("expected an image whose lowest layers are those of");
    expect(status).toBe(1);
  });
});
