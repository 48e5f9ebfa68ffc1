// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createImagesProject, type ImagesProject } from "../../../test/fixtures/images-project.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { buildImage, buildIndex } from "../../testing/build-image.ts";

let project: ImagesProject;

beforeEach(async () => {
  project = await createImagesProject();
  const store = await openLayout("why", { create: true });
  const file = { content: "one", mtime: 1000 };
  const one = await buildImage(store, { layers: [{ a: file, b: "" }], tag: "one" });
  const other = { ...file, mtime: 2000 };
  const second = await buildImage(store, { layers: [{ b: "", a: other }], tag: "other" });
  const arm64 = await buildImage(store, { platform: { os: "linux", architecture: "arm64" } });
  await buildIndex(store, [one, arm64], { tag: "index" });
  await buildIndex(store, [arm64, second], { tag: "other-index" });
});
afterEach(() => project.remove());

describe("diff --why", () => {
  it("says what makes two images differ, and what would make them equal", async () => {
    const { status, stdout, stderr } = await project.run(
      "diff",
      "--why",
      "oci:why:one",
      "oci:why:other",
    );
    expect(stdout).toMatch(/^sha256:[0-9a-f]{64} and sha256:[0-9a-f]{64} differ:\n/);
    expect(stdout).toContain(
      "layer 0: other times\n  /a: 1000 -> 2000\n  = Give both the same times: ",
    );
    expect(stdout).toContain(
      "layer 0: entries in another order\n  /a -> /b\n  = Write the entries",
    );
    expect(stderr).toBe("");
    expect(status).toBe(2);
  });

  it("compares all images of two indexes by their platforms", async () => {
    const { document } = await project.json(
      "diff",
      "--why",
      "oci:why:index",
      "oci:why:other-index",
    );
    expect(document).toMatchObject({
      same: false,
      reasons: [
        { where: "linux/amd64: layer 0", code: "time", count: 1, cases: [{ path: "/a" }] },
        { where: "linux/amd64: layer 0", code: "order" },
      ],
    });
  });

  it("exits with 0 for one digest", async () => {
    const { status, stdout } = await project.run("diff", "--why", "oci:why:one", "oci:why:one");
    expect(stdout).toMatch(/^sha256:[0-9a-f]{64}: the same\n$/);
    expect(status).toBe(0);
  });

  it("takes what it advises: both images without compression have equal layers", async () => {
    await project.run("copy", "oci:why:one", "oci:plain:a", "--compression", "none");
    await project.run("copy", "oci:why:one", "oci:plain:b", "--compression", "zstd");
    await project.run("copy", "oci:plain:b", "oci:plain:b", "--compression", "none");
    expect((await project.run("diff", "--why", "oci:why:one", "oci:plain:a")).stdout).toContain(
      "compressed otherwise\n  gzip -> not compressed\n",
    );
    expect((await project.run("diff", "--why", "oci:plain:a", "oci:plain:b")).status).toBe(0);
  });

  it("refuses a directory, which has no digest, and --ignore", async () => {
    project.write("rootfs/a", "");
    const directory = await project.run("diff", "--why", "oci:why:one", "dir:rootfs");
    expect(directory.stderr).toContain("dir:rootfs");
    expect(directory.status).toBe(1);
    const { stderr } = await project.run(
      "diff",
      "--why",
      "oci:why:one",
      "oci:why:one",
      "--ignore",
      "time",
    );
    expect(stderr).toContain("expected --why or --ignore, got both");
  });
});
