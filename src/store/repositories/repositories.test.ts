// SPDX-License-Identifier: MIT
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { buildImage } from "../../testing/build-image.ts";
import { openLayout, type LayoutStore } from "../layout/layout.ts";
import { openRepositories, type Repositories } from "./repositories.ts";

let directory: string;
let layout: LayoutStore;
let image: Descriptor;
let other: Descriptor;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-test-"));
  layout = await openLayout(directory, { create: true });
  image = (await buildImage(layout, { layers: [{ a: "a" }] })).descriptor;
  other = (await buildImage(layout, { layers: [{ b: "b" }] })).descriptor;
});
afterEach(() => rmSync(directory, { recursive: true }));

async function tag(served: Repositories, name: string, ...tags: string[]): Promise<void> {
  const repository = await served.open(name);
  await served.edit(async () => {
    await repository.addManifest({ descriptor: image, subject: undefined });
    await repository.setTags(tags, { descriptor: image, subject: undefined });
  });
}

describe("tags", () => {
  const few = { limits: { children: 2 } };

  it("are entries of index.json, which other tools read, while that has room", async () => {
    await tag(openRepositories(layout), "a", "1", "2");
    expect(await layout.capabilities.tags()).toEqual(["a:1", "a:2"]);
  });

  it("without room in index.json are kept beside it, in any number", async () => {
    const served = openRepositories(layout, few);
    const all = Array.from({ length: 40 }, (_, at) => `t${at}`);
    await tag(served, "a", ...all);
    await tag(served, "b", ...all);
    expect(await layout.capabilities.roots()).toHaveLength(2);
    for (const name of ["a", "b"]) {
      const again = await openRepositories(layout, few).open(name);
      expect(await again.tags()).toEqual([...all].sort());
      for (const one of all) expect((await again.tag(one))?.digest).toBe(image.digest);
    }
    expect(await served.names()).toEqual(["a", "b"]);
  });

  it("kept beside index.json can be moved and removed", async () => {
    const served = openRepositories(layout, few);
    await tag(served, "a", "1", "2", "3", "4");
    const a = await served.open("a");
    const moved = { descriptor: other, subject: undefined };
    await served.edit(async () => {
      await a.addManifest(moved);
      await a.setTags(["1", "3"], moved);
      await a.removeTag("2");
      await a.removeTag("4");
    });
    expect(await a.tags()).toEqual(["1", "3"]);
    for (const one of ["1", "3"]) expect((await a.tag(one))?.digest).toBe(other.digest);
    await served.edit(() => a.removeManifest(other.digest));
    expect(await a.tags()).toEqual([]);
  });

  it("that another tool adds to index.json count, whatever was kept beside it", async () => {
    const served = openRepositories(layout, few);
    await tag(served, "a", "1", "2", "3");
    await layout.tag(other, "a:3");
    expect((await (await served.open("a")).tag("3"))?.digest).toBe(other.digest);
  });

  it("with a bare name are moved under that name", async () => {
    const served = openRepositories(layout);
    await layout.tag(other, "v1");
    await tag(served, served.own, "v1");
    expect((await layout.resolve("v1")).digest).toBe(image.digest);
    expect(await layout.capabilities.tags()).toEqual(["v1"]);
  });

  it("never make an index.json that can't be read again", async () => {
    const entries = Array.from({ length: 1_200 }, (_, at) => ({
      ...image,
      annotations: { "org.opencontainers.image.ref.name": `a:t${at}` },
    }));
    const index = JSON.parse(readFileSync(join(directory, "index.json"), "utf8")) as object;
    writeFileSync(join(directory, "index.json"), JSON.stringify({ ...index, manifests: entries }));
    const served = openRepositories(layout);
    await tag(served, "a", "more", "t5");
    expect(await layout.capabilities.roots()).toHaveLength(1_200);
    expect(await (await served.open("a")).tags()).toHaveLength(1_201);
  });
});

describe("the records of a repository", () => {
  const digest = `sha256:${"a".repeat(64)}` as Digest;

  it("are apart from those of a repository below it", async () => {
    const served = openRepositories(layout);
    await (await served.open("team/app")).addBlob(digest);
    expect((await served.open("team")).hasBlob(digest)).toBe(false);
    expect((await served.open("team/app/x")).hasBlob(digest)).toBe(false);
    expect(await (await served.open("team")).exists()).toBe(false);
    expect(await (await served.open("team/app")).exists()).toBe(true);
  });

  it("are never written through a link", async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "oci-kit-test-"));
    mkdirSync(join(directory, "repositories"));
    symlinkSync(elsewhere, join(directory, "repositories", "team"));
    const app = await openRepositories(layout).open("team/app");
    await expect(app.addBlob(digest)).rejects.toMatchObject({ code: "invalid-layout" });
    expect(readdirSync(elsewhere).flatMap((name) => readdirSync(join(elsewhere, name)))).toEqual(
      [],
    );
    rmSync(elsewhere, { recursive: true });
  });

  it("that are damaged are an error, never an absent manifest", async () => {
    const served = openRepositories(layout);
    await tag(served, "a", "1");
    const [algorithm, hex] = image.digest.split(":");
    const record = join(directory, "repositories/a/_manifests", algorithm!, hex!);
    writeFileSync(record, "{");
    const a = await served.open("a");
    await expect(a.manifest(image.digest)).rejects.toMatchObject({ code: "invalid-layout" });
  });
});
