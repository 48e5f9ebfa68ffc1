// SPDX-License-Identifier: MIT
import { rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createImagesProject, type ImagesProject } from "../../../test/fixtures/images-project.ts";
import { cosignTag, putReferrer } from "../../../test/fixtures/referrers.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { buildImage } from "../../testing/build-image.ts";

interface CopiedTags {
  readonly tags: readonly {
    readonly tag: string;
    readonly action: string;
    readonly digest: string;
  }[];
  readonly failed: number;
  readonly copied: { readonly count: number };
}

let project: ImagesProject;

beforeEach(async () => {
  project = await createImagesProject();
});
afterEach(() => project.remove());

async function copied(...words: string[]): Promise<{ status: number; document: CopiedTags }> {
  return (await project.json("copy", "--all-tags", ...words)) as {
    status: number;
    document: CopiedTags;
  };
}

async function tags(reference: string): Promise<unknown> {
  return ((await project.json("tags", reference)).document as { tags: unknown }).tags;
}

describe("copy --all-tags", () => {
  it("copies a layout into a repository and back, and the second time nothing", async () => {
    const first = await copied("oci:images", project.repository);
    expect(first.status).toBe(0);
    expect(await tags(project.repository)).toEqual(["all", "one"]);
    await copied(project.repository, "oci:back");
    expect(await tags("oci:back")).toEqual(["all", "one"]);
    for (const tag of ["all", "one"]) {
      const place = async (where: string) =>
        (await project.inspected(`${where}:${tag}`)).descriptor.digest;
      expect(await place("oci:back")).toBe(await place("oci:images"));
    }
    const again = await copied("oci:images", project.repository);
    expect(again.document.tags.map(({ action }) => action)).toEqual(["present", "present"]);
    expect(again.document.copied.count).toBe(0);
  });

  it("goes on with the others when a tag fails, tells it at the end, and ends with status 1", async () => {
    const store = await openLayout("images");
    const broken = await buildImage(store, { layers: [{ broken: "1" }], tag: "middle" });
    rmSync(`images/blobs/${broken.layers[0]!.digest.replace(":", "/")}`);
    const { status, stdout, stderr } = await project.run(
      ...["copy", "--all-tags", "oci:images", project.repository],
    );
    expect(status).toBe(1);
    expect(stderr).toContain("tag middle failed: ");
    expect(stdout).toContain("copied 2 tags");
    expect(stdout).toContain("1 tag failed");
    expect(await tags(project.repository)).toEqual(["all", "one"]);
    const { document } = await copied("oci:images", project.repository);
    expect(document).toMatchObject({ failed: 1, tags: [{}, { error: { code: "not-found" } }, {}] });
  });

  it("takes the tags that a filter matches, and refuses one that matches none", async () => {
    await project.run("retag", "oci:images:one", "v1.0", "v1.1", "v2.0");
    await copied("--filter", "v1.*", "--filter", "al?", "oci:images", "oci:some");
    expect(await tags("oci:some")).toEqual(["all", "v1.0", "v1.1"]);
    const words = ["copy", "--all-tags", "--filter", "v3*", "oci:images", "oci:none"];
    const { status, stderr } = await project.run(...words);
    expect(stderr).toContain('expected tags that match "v3*", got none among 5');
    expect(status).toBe(1);
    expect(project.list()).not.toContain("none/");
  });

  it("with --dry-run says what it would copy, and writes nothing", async () => {
    const before = project.list();
    const { document } = await copied("--dry-run", "oci:images", "oci:new");
    expect(document.tags).toHaveLength(2);
    expect(project.list()).toEqual(before);
  });

  it("with --referrers copies them, also where the images are there already", async () => {
    const store = await openLayout("images");
    const one = await store.resolve("one");
    await copied("oci:images", project.repository);
    await putReferrer(store, one, "application/x.sbom");
    await store.tag((await buildImage(store, { layers: [{ s: "1" }] })).descriptor, cosignTag(one));
    const { stdout } = await project.run(
      ...["copy", "--all-tags", "--referrers", "oci:images", project.repository],
    );
    expect(stdout).toMatch(/^one .*with 2 referrers$/m);
    expect(await tags(project.repository)).toEqual(["all", "one", cosignTag(one)].sort());
  });

  it.each([
    [["oci:images:one", "oci:new"], "got one with a tag or digest"],
    [["oci:images", "oci:new:v1"], "got one with a tag or digest"],
    [["oci:images", "oci-archive:new.tar"], "expected a registry or a layout"],
    [
      ["oci:images", "oci:new", "--compression", "bzip2"],
      "--compression: expected gzip, zstd, none or auto",
    ],
  ])("refuses %j", async (words, told) => {
    const { status, stderr } = await project.run("copy", "--all-tags", ...words);
    expect(stderr).toContain(told);
    expect(status).toBe(1);
    expect(project.list()).not.toContain("new/");
  });
});

describe("copy says what is another thing afterwards:", () => {
  it("an index of some platforms, and what was left out", async () => {
    const words = ["--platform", "linux/amd64", "--platform", "linux/riscv64"];
    const same = await project.run("copy", "oci:images:all", "oci:new:same", ...words);
    expect(same.stdout).not.toContain(" now");
    const store = await openLayout("images");
    const arm = await buildImage(store, { platform: { os: "linux", architecture: "arm64" } });
    const create = ["manifest", "create", "oci:images:three", "--from", "oci:images:all"];
    await project.run(...create, "--from", `oci:images@${arm.descriptor.digest}`);
    const { stdout } = await project.run("copy", "oci:images:three", "oci:new:two", ...words);
    expect(stdout).toMatch(/^ {2}index sha256:\w+ is sha256:\w+ now$/m);
    expect(stdout).toContain(`left out linux/arm64 ${arm.descriptor.digest}`);
  });

  it("every manifest of another compression, whose images are still valid", async () => {
    const { stdout } = await project.run(
      ...["copy", "--compression", "zstd", "oci:images:all", "oci:new:zstd"],
    );
    expect(stdout.match(/ is sha256:\w+ now$/gm)).toHaveLength(3);
    const { document } = await project.json("verify", "oci:new");
    expect(document).toMatchObject({ findings: [] });
    const exported = async (reference: string) =>
      (await project.run("export", "--platform", "linux/amd64", reference)).bytes;
    expect(await exported("oci:new:zstd")).toEqual(await exported("oci:images:one"));
  });

  it("Docker's format, which a docker-archive and a registry take", async () => {
    const words = ["copy", "--format", "docker", "oci:images:one"];
    const { stdout } = await project.run(...words, `${project.repository}:docker`);
    expect(stdout).toMatch(/manifest sha256:\w+ is sha256:\w+ now|linux\/amd64 sha256/);
    const inspected = await project.inspected(`${project.repository}:docker`);
    expect(inspected.descriptor.mediaType).toContain("vnd.docker.distribution.manifest.v2");
  });
});
