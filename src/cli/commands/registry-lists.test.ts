// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createImagesProject, type ImagesProject } from "../../../test/fixtures/images-project.ts";
import { attach } from "../../../test/interop/families.ts";
import { sourceOf } from "../../bytes/bytes.ts";
import { makeIndex } from "../../image/index-document.ts";
import { openReference } from "../../image/open-reference.ts";
import { openRepository } from "../../registry/repository.ts";
import type { ContentStore } from "../../store/store.ts";
import { answer, startFaultyRegistry } from "../../testing/faulty-registry.ts";

let project: ImagesProject;
let host: string;
beforeEach(async () => {
  project = await createImagesProject();
  host = `127.0.0.1:${project.server.port}`;
  await project.run("copy", "oci:images:all", `${project.repository}:all`);
  await project.run("copy", "oci:images:one", `${project.repository}:one`);
});
afterEach(() => project.remove());

const DIGEST = /^sha256:[0-9a-f]{64}\n$/;

describe("digest", () => {
  it("prints one line for a registry, a layout and an archive, the same for the same image", async () => {
    await project.run("copy", "oci:images:all", "oci-archive:all.tar:all");
    const places = ["all", `${project.repository}:all`, "oci:images:all", "oci-archive:all.tar"];
    const said = [];
    for (const place of places) said.push((await project.run("digest", place)).stdout);
    expect(said[0]).toMatch(DIGEST);
    expect(new Set(said).size).toBe(1);
  });

  it("is that of the image for a platform, or an error where there is none", async () => {
    const one = await project.run("digest", "one");
    const amd64 = await project.run("digest", "all", "--platform", "linux/amd64");
    expect(amd64.stdout).toBe(one.stdout);
    const none = await project.run("digest", "all", "--platform", "linux/mips");
    expect(none.status).toBe(1);
    expect(none.stdout).toBe("");
  });

  it("of what is not there says what there is", async () => {
    const { status, stderr } = await project.run("digest", "nope");
    expect(status).toBe(1);
    expect(stderr).toContain(`oci-kit tags ${project.repository} says what there is`);
  });

  it("of a repository that is not there says where they are listed", async () => {
    const host = project.repository.slice(0, project.repository.indexOf("/"));
    const { status, stderr } = await project.run("tags", `${host}/no/such`);
    expect(status).toBe(1);
    expect(stderr).toContain(`oci-kit catalog ${host} says which repositories there are`);
  });
});

describe("tags --digests", () => {
  it("prints each tag with the digest that it names", async () => {
    const one = (await project.run("digest", "one")).stdout.trim();
    const all = (await project.run("digest", "all")).stdout.trim();
    for (const place of [[], ["oci:images"]]) {
      const { stdout, status } = await project.run("tags", ...place, "--digests");
      expect(stdout).toBe(`all  ${all}\none  ${one}\n`);
      expect(status).toBe(0);
    }
  });

  it("names a tag that is listed and names nothing", async () => {
    const registry = await startFaultyRegistry();
    registry.rule({ on: /tags\/list/, reply: answer(200, {}, '{"tags":["ghost"]}') });
    const { stdout, stderr, status } = await project.run(
      "tags",
      `${registry.host}/a/b`,
      "--digests",
    );
    await registry.close();
    expect(stdout).toBe("ghost  names nothing\n");
    expect(stderr).toContain("the tag ghost is listed, and names nothing");
    expect(status).toBe(0);
  });
});

describe("catalog", () => {
  it("lists the repositories of a host, or of the configured one", async () => {
    for (const words of [[], [host], [`docker://${host}/`]]) {
      const { stdout, status } = await project.run("catalog", ...words);
      expect(stdout).toBe("family/image\n");
      expect(status).toBe(0);
    }
  });

  it.each([
    ["oci:images", "oci-kit tags oci:images"],
    ["http://127.0.0.1:5000", "oci-kit catalog 127.0.0.1:5000"],
    ["localhost:5000/a/b", "oci-kit catalog localhost:5000; for the tags of one:"],
    ["images", "A host has a dot or a port"],
    ["", "A host has a dot or a port"],
  ])("of %j says what to type", async (word, hint) => {
    const { status, stderr } = await project.run("catalog", word);
    expect(stderr).toContain(hint);
    expect(status).toBe(1);
  });

  it("of a registry that shows none is an error", async () => {
    const registry = await startFaultyRegistry();
    const { status, stderr } = await project.run("catalog", registry.host);
    await registry.close();
    expect(stderr).toContain("expected a list of its repositories (_catalog), got none");
    expect(status).toBe(1);
  });
});

describe("referrers", () => {
  it.each(["registry", "layout"])("are listed of an index in a %s", async (kind) => {
    const source = await openReference("oci:images:all");
    const root = await source.root();
    const store =
      kind === "registry"
        ? openRepository({ registry: host, repository: "family/image" })
        : (source.store as ContentStore);
    const { size, digest } = await attach(store, root);
    if (kind === "layout") await store.tag(await source.store.resolve(digest), "signature");
    await source.close();
    const place = kind === "registry" ? "all" : "oci:images:all";
    const { stdout, status } = await project.run("referrers", place);
    expect(stdout).toBe(`application/vnd.example.signature  ${digest}  ${size} B\n`);
    expect(status).toBe(0);
    const none = await project.run("referrers", place, "--type", "a/b");
    expect(none.stdout).toBe("");
    expect(none.stderr).toContain("nothing of type a/b refers to sha256:");
    expect(none.status).toBe(0);
  });

  it("are listed of the image for a platform in an archive", async () => {
    const source = await openReference("oci:images:one");
    const layout = source.store as ContentStore;
    const image = { ...(await source.root()), platform: { os: "linux", architecture: "amd64" } };
    const artifact = await attach(layout, image);
    const { bytes, descriptor } = makeIndex([image, artifact]);
    await layout.push(descriptor, sourceOf(bytes));
    await layout.tag(descriptor, "both");
    await source.close();
    await project.run("copy", "oci:images:both", "oci-archive:both.tar:both");
    const words = ["referrers", "oci-archive:both.tar", "--platform", "linux/amd64"];
    const { stdout, stderr } = await project.run(...words);
    expect(stderr).toBe("");
    expect(stdout).toContain(artifact.digest);
  });
});
