// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, expect, it } from "vitest";
import { configuration, createProject, type Project } from "../../../test/fixtures/project.ts";

let project: Project;

beforeEach(async () => {
  project = await createProject();
  const aliases = { "latest-cross": ["latest", "cross"] };
  project.write("linux/oci-kit.yaml", configuration(project.repository, { aliases }));
  expect((await project.run("assemble")).status).toBe(0);
});
afterEach(() => project.remove());

it("manifest push sets the configured aliases of its tag, and lists them before", async () => {
  const dry = await project.run("manifest", "push", "--dry-run", "latest-cross");
  expect(dry.stdout).toMatch(/^would set latest to sha256:/m);
  const planned = (await project.json("manifest", "push", "--dry-run", "latest-cross")).document;
  const { tags } = planned as { readonly tags: readonly { readonly tag: string }[] };
  expect(tags.map(({ tag }) => tag).slice(0, 3)).toEqual(["latest-cross", "latest", "cross"]);
  await project.run("manifest", "push", "latest-cross");
  const digests = await Promise.all(
    ["latest-cross", "latest", "cross"].map(async (tag) => {
      const { document } = await project.json("inspect", tag);
      return (document as { readonly descriptor: { readonly digest: string } }).descriptor.digest;
    }),
  );
  expect(new Set(digests).size).toBe(1);
});

it("manifest push of another tag, or to another repository, sets none", async () => {
  const other = project.repository.replace("family/image", "other/image");
  await project.run("manifest", "push", "nightly");
  await project.run("manifest", "push", `${other}:latest-cross`);
  for (const repository of [project.repository, other]) {
    const { document } = await project.json("tags", repository);
    expect(document).not.toHaveProperty("error");
    expect((document as { readonly tags: readonly string[] }).tags).not.toContain("latest");
  }
});

it.each([
  [{ "latest-cross": ["latest-cross"] }, "expected another tag than latest-cross itself"],
  [{ "latest-cross": ["not a tag"] }, "tag: expected 1 to 128 letters"],
  [{ latest: "cross" }, "aliases.latest"],
])("the aliases %j are refused with their place", async (aliases, told) => {
  project.write("linux/oci-kit.yaml", configuration(project.repository, { aliases }));
  const { status, stderr } = await project.run("manifest", "push", "latest-cross");
  expect(stderr).toContain(told);
  expect(stderr).toContain("linux/oci-kit.yaml:1:");
  expect(status).toBe(1);
});
