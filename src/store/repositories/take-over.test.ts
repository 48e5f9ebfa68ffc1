// SPDX-License-Identifier: MIT
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MediaType } from "../../oci/media-types.ts";
import {
  buildImage,
  buildIndex,
  pushDocument,
  type BuiltImage,
} from "../../testing/build-image.ts";
import { blobPath } from "../layout/layout-blobs.ts";
import { openLayout, type LayoutStore } from "../layout/layout.ts";
import { openRepositories, type Repositories, type Repository } from "./repositories.ts";

let top: string;
let directory: string;
let layout: LayoutStore;
beforeEach(async () => {
  top = mkdtempSync(join(tmpdir(), "oci-kit-test-"));
  directory = join(top, "mirror");
  layout = await openLayout(directory, { create: true });
});
afterEach(() => rmSync(top, { recursive: true }));

const repositories = (options = {}): Repositories => openRepositories(layout, options);

function hasAllOf(repository: Repository, image: BuiltImage): boolean {
  const { descriptor, config, layers } = image;
  return (
    repository.hasManifest(descriptor.digest) &&
    [config, ...layers].every(({ digest }) => repository.hasBlob(digest))
  );
}

function hasAnyOf(repository: Repository, image: BuiltImage): boolean {
  const { descriptor, config } = image;
  return repository.hasManifest(descriptor.digest) || repository.hasBlob(config.digest);
}

describe("what other tools left in a layout", () => {
  it("belongs to the repository that its tag names, and a bare tag to the directory's own", async () => {
    const bare = await buildImage(layout, { layers: [{ a: "bare" }], tag: "v1" });
    const full = await buildImage(layout, { layers: [{ a: "full" }], tag: "team/app:v1" });
    const served = repositories();
    const own = await served.open("mirror");
    const app = await served.open("team/app");
    expect([hasAllOf(own, bare), hasAllOf(app, full)]).toEqual([true, true]);
    expect([hasAnyOf(own, full), hasAnyOf(app, bare)]).toEqual([false, false]);
    expect([await own.tags(), await app.tags()]).toEqual([["v1"], ["v1"]]);
    expect(await served.names()).toEqual(["mirror", "team/app"]);
  });

  it("belongs to the directory's own repository when it has no tag", async () => {
    const tagged = await buildImage(layout, { layers: [{ a: "tagged" }], tag: "v1" });
    await layout.tag(tagged.descriptor, "team/app:v1");
    const nameless = await buildImage(layout, { layers: [{ a: "nameless" }] });
    await layout.capabilities.addRoot(nameless.descriptor);
    const served = repositories();
    expect(hasAllOf(await served.open("mirror"), nameless)).toBe(true);
    expect(hasAnyOf(await served.open("team/app"), nameless)).toBe(false);
  });

  it("includes the children of an index", async () => {
    const image = await buildImage(layout, { layers: [{ a: "a" }] });
    await buildIndex(layout, [image], { tag: "multi" });
    expect(hasAllOf(await repositories().open("mirror"), image)).toBe(true);
  });

  it("is taken over while the registry runs, too", async () => {
    const served = repositories();
    await served.open("team/app");
    const late = await buildImage(layout, { layers: [{ a: "late" }], tag: "team/app:v1" });
    expect(hasAllOf(await served.open("team/app"), late)).toBe(true);
  });

  it("does not come back once it was deleted", async () => {
    const { descriptor, config } = await buildImage(layout, { layers: [{ a: "a" }], tag: "v1" });
    const served = repositories();
    const own = await served.open("mirror");
    await own.removeBlob(config.digest);
    await served.edit(() => own.removeManifest(descriptor.digest));
    const again = await repositories().open("mirror");
    expect(again.hasManifest(descriptor.digest)).toBe(false);
    expect(again.hasBlob(config.digest)).toBe(false);
    expect(await layout.capabilities.roots()).toEqual([]);
  });

  it("is left out where it is missing, and whole where it can't be read", async () => {
    const partial = await buildImage(layout, { layers: [{ a: "a" }], tag: "v1" });
    rmSync(blobPath(directory, partial.layers[0]!.digest));
    const broken = await buildImage(layout, { layers: [{ b: "b" }], tag: "v2" });
    rmSync(blobPath(directory, broken.descriptor.digest));
    writeFileSync(
      blobPath(directory, broken.descriptor.digest),
      Buffer.alloc(broken.descriptor.size),
    );
    const own = await repositories().open("mirror");
    expect(own.hasManifest(partial.descriptor.digest)).toBe(true);
    expect(own.hasBlob(partial.layers[0]!.digest)).toBe(false);
    expect(hasAnyOf(own, broken)).toBe(false);
  });
});

describe("a layout that an earlier version has served", () => {
  it("keeps manifests without a tag in each of its repositories, as that version answered for them", async () => {
    const first = await buildImage(layout, { layers: [{ a: "first" }], tag: "team/app:v1" });
    await buildImage(layout, { layers: [{ a: "second" }], tag: "team/app:v1" });
    await layout.capabilities.addRoot(first.descriptor);
    const served = repositories();
    expect(hasAllOf(await served.open("team/app"), first)).toBe(true);
    // What comes later without a tag was not pushed to any of them.
    const later = await buildImage(layout, { layers: [{ a: "later" }] });
    await layout.capabilities.addRoot(later.descriptor);
    expect(hasAnyOf(await served.open("team/app"), later)).toBe(false);
  });

  it("keeps referrers with their subject", async () => {
    const image = await buildImage(layout, { layers: [{ a: "a" }], tag: "team/app:v1" });
    const note = await pushDocument(layout, MediaType.manifest, {
      schemaVersion: 2,
      mediaType: MediaType.manifest,
      config: image.config,
      layers: [],
      subject: image.descriptor,
    });
    await layout.capabilities.addRoot(note);
    const app = await repositories().open("team/app");
    expect(app.referrers(image.descriptor.digest)).toEqual([note.digest]);
  });
});

it("a copy of the directory keeps what belongs to whom", async () => {
  const { descriptor } = await buildImage(layout, { layers: [{ a: "a" }], tag: "team/app:v1" });
  const app = await repositories().open("team/app");
  await repositories().edit(() => app.removeTag("v1"));
  cpSync(directory, join(top, "copy"), { recursive: true });
  const copied = openRepositories(await openLayout(join(top, "copy")));
  expect((await copied.open("team/app")).hasManifest(descriptor.digest)).toBe(true);
  expect((await copied.open("other")).hasManifest(descriptor.digest)).toBe(false);
});

it("nothing is written when a layout is only read", async () => {
  const image = await buildImage(layout, { layers: [{ a: "a" }], tag: "v1" });
  const own = await repositories({ readOnly: true }).open("mirror");
  expect(hasAllOf(own, image)).toBe(true);
  expect((await own.manifest(image.descriptor.digest))?.descriptor.size).toBe(
    image.descriptor.size,
  );
  expect(existsSync(join(directory, "repositories"))).toBe(false);
  expect(readdirSync(directory).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
});

it("of a layout that is only read, a name that somebody asked for is no repository", async () => {
  await buildImage(layout, { layers: [{ a: "a" }], tag: "v1" });
  const read = repositories({ readOnly: true });
  for (const name of ["mirror", "nobody/has", "this/either"]) await read.open(name);
  expect(await read.names()).toEqual(["mirror"]);
});
