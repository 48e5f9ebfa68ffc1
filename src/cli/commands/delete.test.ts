// SPDX-License-Identifier: MIT
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createImagesProject, type ImagesProject } from "../../../test/fixtures/images-project.ts";
import { keepManifests } from "../../../test/fixtures/plain-registry.ts";
import { attach } from "../../../test/interop/families.ts";
import { openReference } from "../../image/open-reference.ts";
import type { ContentStore } from "../../store/store.ts";
import { answer, startFaultyRegistry, type FaultyRegistry } from "../../testing/faulty-registry.ts";

let project: ImagesProject;
beforeEach(async () => {
  project = await createImagesProject();
});
afterEach(() => project.remove());

const digestOf = async (reference: string): Promise<string> =>
  (await project.run("digest", reference)).stdout.trim();
const tagsOf = async (place: string): Promise<string[]> =>
  (await project.run("tags", place)).stdout.split("\n").filter((tag) => tag !== "");

describe.each(["registry", "layout"])("delete in a %s", (kind) => {
  let place: string;
  beforeEach(async () => {
    place = kind === "registry" ? project.repository : "oci:images";
    if (kind === "registry") {
      await project.run("copy", "oci:images:all", `${place}:all`);
      await project.run("copy", "oci:images:one", `${place}:one`);
    }
    await project.run("retag", `${place}:one`, "also");
  });

  it("takes a tag away, and keeps what it names and its other tags", async () => {
    const digest = await digestOf(`${place}:one`);
    const { stdout, stderr, status } = await project.run("delete", `${place}:one`);
    expect(stdout).toBe(`deleted the tag one of ${place}; ${digest} stays\n`);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(await tagsOf(place)).toEqual(["all", "also"]);
    expect(await digestOf(`${place}@${digest}`)).toBe(digest);
  });

  it("with --manifest takes all its tags along, and says that an index lists it", async () => {
    const digest = await digestOf(`${place}:one`);
    const dry = await project.run("delete", `${place}:one`, "--manifest", "--dry-run");
    expect(dry.stdout).toBe(`would delete ${digest} of ${place}, with the tags also, one\n`);
    expect(await tagsOf(place)).toEqual(["all", "also", "one"]);
    const { stdout, stderr } = await project.run("delete", `${place}@${digest}`, "--manifest");
    expect(stdout).toBe(`deleted ${digest} of ${place}, with the tags also, one\n`);
    expect(stderr).toMatch(/the index all \(sha256:[0-9a-f]{64}\) lists it, and is incomplete/);
    expect(await tagsOf(place)).toEqual(["all"]);
    expect((await project.run("digest", `${place}@${digest}`)).status).toBe(1);
  });

  it("with --manifest says what is left that speaks of it", async () => {
    const source = await openReference(`${place}:all`);
    const store = source.store as ContentStore;
    const artifact = await attach(store, await source.root());
    await store.tag(artifact, "signature");
    await source.close();
    const dry = await project.run("delete", `${place}:all`, "--manifest", "--dry-run");
    expect(dry.stderr).toContain(`1 artifact would speak of nothing: ${artifact.digest}`);
    const { stderr } = await project.run("delete", `${place}:all`, "--manifest");
    expect(stderr).toContain(`1 artifact now speaks of nothing: ${artifact.digest}`);
  });

  it("with a tag and a digest deletes the tag only while it names that digest", async () => {
    const [one, all] = [await digestOf(`${place}:one`), await digestOf(`${place}:all`)];
    const moved = await project.run("delete", `${place}:one@${all}`);
    expect(moved.stderr).toContain(`expected it to name ${all}, got ${one}: nothing was deleted`);
    expect(moved.status).toBe(2);
    expect((await project.run("delete", `${place}:one@${one}`)).status).toBe(0);
    expect(await tagsOf(place)).toEqual(["all", "also"]);
  });

  it("of what is not there is an error", async () => {
    for (const flags of [[], ["--manifest"], ["--dry-run"]]) {
      expect((await project.run("delete", `${place}:nope`, ...flags)).status).toBe(1);
    }
  });

  it("never guesses what is meant", async () => {
    const nothing = await project.run("delete", place);
    expect(nothing.stderr).toContain("expected what to delete, as a tag or a digest, got neither");
    const digest = await digestOf(`${place}:one`);
    const manifest = await project.run("delete", `${place}@${digest}`);
    expect(manifest.stderr).toContain("expected a tag to delete, got a digest");
    expect(manifest.stderr).toContain("Add --manifest");
    expect([nothing.status, manifest.status]).toEqual([1, 1]);
    expect(await tagsOf(place)).toEqual(["all", "also", "one"]);
  });
});

it("delete --manifest is not kept from its work by an index that is gone from the layout", async () => {
  const all = await digestOf("oci:images:all");
  rmSync(join("images/blobs/sha256", all.slice("sha256:".length)));
  const { status, stderr } = await project.run("delete", "oci:images:one", "--manifest");
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect((await project.run("delete", "oci:images:all")).status).toBe(0);
  expect(await tagsOf("oci:images")).toEqual([]);
});

it("delete refuses an archive, and makes no layout where there is none", async () => {
  await project.run("copy", "oci:images:one", "oci-archive:one.tar:one");
  const archive = await project.run("delete", "oci-archive:one.tar:one");
  expect(archive.stderr).toContain("from which something can be deleted");
  expect((await project.run("delete", "oci:nowhere:one", "--manifest")).status).toBe(1);
  expect(project.list()).not.toContain("nowhere/");
});

describe("delete at a registry that can't delete a tag alone", () => {
  let registry: FaultyRegistry;
  let place: string;
  beforeEach(async () => {
    registry = await startFaultyRegistry();
    const plain = keepManifests(registry);
    place = `${registry.host}/a/b`;
    registry.rule({
      on: /tags\/list/,
      reply: () => answer(200, {}, JSON.stringify({ tags: [...plain.tags.keys()] })),
    });
    // The blobs of the image.
    registry.rule({ on: /^HEAD .*\/blobs\//, reply: answer(200) });
    for (const tag of ["one", "also"])
      await project.run("copy", "oci:images:one", `${place}:${tag}`);
  });
  afterEach(() => registry.close());

  it("deletes nothing, and says which tags would go with the manifest", async () => {
    const digest = await digestOf(`${place}:one`);
    const { status, stderr } = await project.run("delete", `${place}:one`);
    expect(stderr).toContain("expected a registry that deletes a tag without its manifest");
    expect(stderr).toContain(
      `--manifest deletes what it names, ${digest}; with it goes the tag also`,
    );
    expect(status).toBe(1);
    expect(await tagsOf(place)).toEqual(["also", "one"]);
    expect((await project.run("delete", `${place}:one`, "--manifest")).status).toBe(0);
    expect(await tagsOf(place)).toEqual([]);
  });

  it("does not claim in a dry run that it could", async () => {
    const { stdout } = await project.run("delete", `${place}:one`, "--dry-run");
    expect(stdout).toContain("if the registry can delete a tag alone");
  });

  it.each([404, 405, 501])("says so when it answers with status %d", async (status) => {
    registry.rule({ on: /^DELETE/, reply: answer(status) });
    const { stderr } = await project.run("delete", `${place}:one`);
    expect(stderr).toContain("expected a registry that deletes a tag without its manifest");
  });

  it("says so when it deletes no manifest, either", async () => {
    registry.rule({ on: /^DELETE/, reply: answer(405) });
    const { stderr, status } = await project.run("delete", `${place}:one`, "--manifest");
    expect(stderr).toContain("expected a registry that deletes manifests, got a refusal");
    expect(stderr).toContain("REGISTRY_STORAGE_DELETE_ENABLED");
    expect(status).toBe(1);
  });

  it("is told when the manifest went with its tag", async () => {
    const digest = await digestOf(`${place}:one`);
    registry.rule({
      on: "DELETE /v2/a/b/manifests/one",
      reply: () => {
        registry.rule({ on: /^HEAD .*manifests\/sha256/, reply: answer(404) });
        return answer(202);
      },
    });
    const { stdout, stderr } = await project.run("delete", `${place}:one`);
    expect(stdout).toBe(`deleted the tag one of ${place}\n`);
    expect(stderr).toContain(`the registry deleted ${digest} with its tag`);
  });
});
