// SPDX-License-Identifier: MIT
import { readdirSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProject, type JsonRan, type Project } from "../../../test/fixtures/project.ts";
import { ownedName } from "../../files/owned-name.ts";
import { buildImage } from "../../testing/build-image.ts";
import { openLayout } from "../../store/layout/layout.ts";

interface Pruned {
  readonly dryRun: boolean;
  readonly removed: readonly { readonly digest: string; readonly size: number }[];
  readonly kept: number;
}

let project: Project;

beforeEach(async () => {
  project = await createProject();
  const layout = await openLayout("mirror", { create: true });
  await buildImage(layout, { layers: [{ a: "first" }], tag: "t" });
  await buildImage(layout, { layers: [{ a: "second" }], tag: "t" });
});
afterEach(() => project.remove());

const blobs = (): number => readdirSync("mirror/blobs/sha256").length;
const prune = async (...words: readonly string[]): Promise<JsonRan<Pruned>> =>
  (await project.json("prune", "oci:mirror", ...words)) as JsonRan<Pruned>;

describe("prune of a layout in which a tag was moved", () => {
  it("lists unreferenced blobs by digests that other commands take, and deletes nothing", async () => {
    const { status, document } = await prune();
    expect(status).toBe(0);
    expect(document).toMatchObject({ dryRun: true, kept: 3 });
    expect(document.removed).toHaveLength(3);
    const { stdout } = await project.run("prune", "oci:mirror");
    expect(stdout).toContain("would delete 3 blobs");
    for (const { digest } of document.removed) expect(stdout).toContain(digest);
    expect(blobs()).toBe(6);
  });

  it("deletes them with --yes unless --dry-run is given, and finds nothing the second time", async () => {
    await prune("--yes", "--dry-run");
    expect(blobs()).toBe(6);
    expect((await prune("--yes")).document.removed).toHaveLength(3);
    expect(blobs()).toBe(3);
    expect(await prune("--yes")).toMatchObject({ status: 0, document: { removed: [], kept: 3 } });
    expect((await project.run("inspect", "oci:mirror:t")).status).toBe(0);
  });

  it("keeps recent blobs while another process writes into the layout, unless --older-than says otherwise", async () => {
    writeFileSync(`mirror/${ownedName(".oci-kit.ingest")}`, "half a blob");
    expect((await prune("--yes")).document.removed).toEqual([]);
    expect((await prune("--older-than", "0")).document.removed).toHaveLength(3);
  });

  it("refuses anything but a whole layout or repository", async () => {
    for (const place of ["oci:mirror:t", "docker-archive:x.tar", "localhost:1/a:t"]) {
      const { status, stderr } = await project.run("prune", place);
      expect(status).toBe(1);
      expect(stderr).toContain("expected a layout, as oci:DIR");
    }
  });
});
