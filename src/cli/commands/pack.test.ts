// SPDX-License-Identifier: MIT
import { rmSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProject, type Project } from "../../../test/fixtures/project.ts";

let project: Project;
const IMAGE = "oci:out/linux-runtime/riscv64";
const ROOT = "out/rootfs";

beforeEach(async () => {
  project = await createProject();
  await project.run("assemble", "--arch", "riscv64");
  await project.run("unpack", IMAGE, ROOT, "--exact");
});
afterEach(() => project.remove());

describe("oci-kit pack", () => {
  it("returns the base when nothing changed, and otherwise describes the new layer", async () => {
    const same = await project.run("pack", ROOT, "oci:packed:same", "--base", IMAGE);
    expect([same.status, same.stdout]).toEqual([0, expect.stringContaining("it is the base")]);
    writeFileSync(`${ROOT}/new`, "content");
    const { stdout } = await project.run("pack", ROOT, "oci:packed:other", "--base", IMAGE);
    expect(stdout).toMatch(/^oci:packed:other sha256:\w+\n {2}layer .* 2 entries, 7 B {2}diffID /);
  });

  it("with --dry-run says what would be packed, and writes nothing", async () => {
    rmSync(`${ROOT}/usr/share`, { recursive: true });
    const plan = await project.run("pack", ROOT, "oci:packed", "--base", IMAGE, "--dry-run");
    expect(plan.stdout).toBe("C /usr\nD /usr/share\nwould pack 2 entries, 0 B of content\n");
    expect(project.list(".").filter((name) => name.startsWith("packed"))).toEqual([]);
  });

  it("makes identical layers again, or refuses with status 2 when something changed", async () => {
    const exact = await project.json("pack", ROOT, "oci:packed:exact", "--exact");
    const original = await project.json("inspect", IMAGE);
    const { rootfs } = (original.document as { config: { rootfs: { diff_ids: string[] } } }).config;
    const { layers } = exact.document as { layers: { diffId: string }[] };
    expect(layers.map(({ diffId }) => diffId)).toEqual(rootfs.diff_ids);
    writeFileSync(`${ROOT}/new`, "");
    const refused = await project.run("pack", ROOT, "oci:packed:exact", "--exact");
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining("/new")]);
  });

  it("refuses an output inside the packed directory, and leaves nothing there", async () => {
    const before = project.list();
    for (const place of ["oci:out/rootfs/image", "oci-archive:out/rootfs/x.tar:1"]) {
      const { status, stderr } = await project.run("pack", ROOT, place);
      expect(stderr).toContain('expected an output outside "out/rootfs"');
      expect(status).toBe(1);
    }
    expect(project.list()).toEqual(before);
    const diffIds = new Set<unknown>();
    for (const place of ["oci:packed", "oci-archive:out/rootfs.tar:1"]) {
      const { document } = await project.json("pack", ROOT, place);
      const { layers } = document as { readonly layers: readonly { readonly diffId: string }[] };
      diffIds.add(layers[0]!.diffId);
    }
    expect(diffIds.size).toBe(1);
  });

  it("refuses the date 30 February with status 1", async () => {
    const words = ["oci:x", "--created", "2026-02-30T00:00:00Z"];
    const { status, stderr } = await project.run("pack", ROOT, ...words);
    expect([status, stderr]).toEqual([1, expect.stringContaining("2026-02-30")]);
  });

  it("takes its time from --created, or else from SOURCE_DATE_EPOCH", async () => {
    const env = { SOURCE_DATE_EPOCH: "86400" };
    const created = async (...more: string[]): Promise<unknown> => {
      await project.runWith({ env }, "pack", ROOT, "oci:packed:timed", ...more);
      const { document } = await project.json("inspect", "oci:packed:timed");
      return (document as { config: { created: string } }).config.created;
    };
    expect(await created()).toBe("1970-01-02T00:00:00Z");
    expect(await created("--created", "1970-01-01T01:00:05+01:00")).toBe("1970-01-01T00:00:05Z");
    expect(await created("--created", "7")).toBe("1970-01-01T00:00:07Z");
  });

  it("refuses a malformed time with status 1", async () => {
    const { status, stderr } = await project.run("pack", ROOT, "oci:x", "--created", "yesterday");
    expect([status, stderr]).toEqual([1, expect.stringContaining("expected seconds since 1970")]);
  });
});
