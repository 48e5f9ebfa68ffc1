// SPDX-License-Identifier: MIT
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLayout } from "../../store/layout/layout.ts";
import { buildImage, buildIndex } from "../../testing/build-image.ts";
import { editConfig } from "../edit/edit-config.ts";
import { copyReference } from "./copy-reference.ts";
import { editReference } from "./edit-reference.ts";
import { inspectReference, readRoot } from "./inspect-reference.ts";
import { listTags } from "./list-tags.ts";
import { rebaseReference } from "./rebase-reference.ts";
import { retagReference } from "./retag-reference.ts";
import { withTarget } from "./with-reference.ts";

let directory: string;
let source: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-by-reference-"));
  source = `oci:${directory}/source`;
  const layout = await openLayout(join(directory, "source"), { create: true });
  const arm64 = { architecture: "arm64", os: "linux" };
  const amd64 = { architecture: "amd64", os: "linux" };
  await buildImage(layout, { layers: [{ low: "1" }], platform: arm64, tag: "base" });
  await buildImage(layout, { layers: [{ low: "2" }], platform: arm64, tag: "newer" });
  const app = await buildImage(layout, { layers: [{ low: "1" }, { app: "1" }], platform: arm64 });
  const other = await buildImage(layout, { layers: [{ low: "1" }], platform: amd64 });
  await buildIndex(layout, [app.descriptor, other.descriptor], { tag: "all" });
  await layout.tag(app.descriptor, "app");
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("one call with references", () => {
  it("copies one image of an index into an archive", async () => {
    const target = `oci-archive:${directory}/one.tar:v1`;
    const platform = { architecture: "amd64", os: "linux" };
    const copied = await copyReference(`${source}:all`, target, { platform });
    expect(copied).toMatchObject({ tag: "v1", copied: { count: 3 } });
    expect(await listTags(target)).toMatchObject({ tags: ["v1"] });
    expect((await inspectReference(target)).descriptor.digest).toBe(copied.root.digest);
  });

  it("edits each image of an index", async () => {
    const edit = (view: Parameters<typeof editConfig>[0]) => editConfig(view, { user: "me" });
    const target = `oci:${directory}/edited:v1`;
    const edited = await editReference(`${source}:all`, target, edit);
    expect(edited.images).toHaveLength(2);
    const inspected = await inspectReference(target, {
      platform: { architecture: "arm64", os: "linux" },
    });
    expect(inspected).toMatchObject({
      kind: "image",
      config: { value: { config: { User: "me" } } },
    });
  });

  it("moves an image to another base", async () => {
    const bases = { oldBase: `${source}:base`, newBase: `${source}:newer` };
    const rebased = await rebaseReference(`${source}:app`, `${source}:rebased`, bases);
    const [newer, after] = [
      await inspectReference(`${source}:newer`),
      await inspectReference(`${source}:rebased`),
    ];
    if (newer.kind !== "image" || after.kind !== "image") throw new Error("expected two images");
    expect(after.descriptor.digest).toBe(rebased.root.digest);
    expect(after.manifest.value.layers[0]).toEqual(newer.manifest.value.layers[0]);
  });

  it("adds tags only after it has checked that all of them are valid", async () => {
    await expect(retagReference(`${source}:app`, ["fine", "../x"])).rejects.toMatchObject({
      code: "invalid-reference",
    });
    await retagReference(`${source}:app`, ["fine"], { dryRun: true });
    expect((await listTags(source)).tags).not.toContain("fine");
    const { root } = await retagReference(`${source}:app`, ["fine", "finer"]);
    expect((await inspectReference(`${source}:finer`)).descriptor.digest).toBe(root.digest);
  });

  it("reads the stored bytes of a manifest", async () => {
    const { descriptor } = await inspectReference(`${source}:all`);
    const bytes = await readRoot(`${source}:all`);
    expect(bytes.length).toBe(descriptor.size);
  });
});

describe("a target", () => {
  it.each(["oci", "oci-archive"])("is discarded when writing fails: %s", async (kind) => {
    const writing = withTarget(`${kind}:${directory}/new:v1`, {}, async () =>
      Promise.reject(new Error("no more")),
    );
    await expect(writing).rejects.toThrow("no more");
    expect(existsSync(join(directory, "new"))).toBe(false);
  });
});
