// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deleteReference } from "../../image/by-reference/delete-reference.ts";
import { listTaggedRoots, listTags } from "../../image/by-reference/list-tags.ts";
import { openReference } from "../../image/open-reference.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { buildImage } from "../../testing/build-image.ts";
import { openLayout, type LayoutStore } from "../layout/layout.ts";
import { openRepositories, type Repository } from "./repositories.ts";

let directory: string;
let layout: LayoutStore;
let image: Descriptor;
let repository: Repository;
const reference = (tag = ""): string => `oci:${directory}${tag === "" ? "" : `:${tag}`}`;
const names = async (): Promise<readonly string[]> => (await listTags(reference())).tags;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-test-"));
  layout = await openLayout(directory, { create: true });
  image = (await buildImage(layout, { layers: [{ a: "a" }] })).descriptor;
  // Room for two entries: the others are files, as beyond the first thousand of any registry.
  const served = openRepositories(layout, { limits: { children: 2 } });
  repository = await served.open("team/app");
  const manifest = { descriptor: image, subject: undefined };
  await served.edit(async () => {
    await repository.addManifest(manifest);
    await repository.setTags(["v1", "v2", "v3", "v4"], manifest);
  });
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("a layout that a registry filled beyond its index.json", () => {
  const all = ["v1", "v2", "v3", "v4"].map((tag) => `team/app:${tag}`);

  it("shows all of its tags, and what they name", async () => {
    expect(await layout.capabilities.tags()).toHaveLength(2);
    expect(await names()).toEqual(all);
    const { roots } = await listTaggedRoots(reference());
    expect(roots.map(({ tag, descriptor }) => [tag, descriptor?.digest])).toEqual(
      all.map((tag) => [tag, image.digest]),
    );
  });

  it.each(["team/app:v4", "v4"])("finds what %s names", async (tag) => {
    const opened = await openReference(reference(tag));
    expect((await opened.root()).digest).toBe(image.digest);
  });

  it("does not find what nothing names", async () => {
    const opened = await openReference(reference("team/app:v5"));
    await expect(opened.root()).rejects.toMatchObject({ code: "not-found" });
  });

  it("shows a tag once that was set again by other means", async () => {
    await layout.tag(image, "team/app:v3");
    expect(await names()).toEqual(all);
  });

  it("loses a tag, and with the manifest all of them", async () => {
    await deleteReference(reference("team/app:v4"));
    expect(await names()).toEqual(all.slice(0, 3));
    expect(await repository.tags()).toEqual(["v1", "v2", "v3"]);
    const again = deleteReference(reference("team/app:v4"));
    await expect(again).rejects.toMatchObject({ code: "not-found" });
    await deleteReference(reference("team/app:v3"), { manifest: true });
    expect(await names()).toEqual([]);
    expect(await repository.tags()).toEqual([]);
  });
});
