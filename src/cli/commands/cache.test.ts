// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProject, type JsonRan, type Project } from "../../../test/fixtures/project.ts";

let project: Project;
beforeEach(async () => {
  project = await createProject();
});
afterEach(() => project.remove());

interface Cache {
  readonly directory: string;
  readonly bytes: number;
  readonly parts: readonly { readonly part: string; readonly entries: number }[];
}

async function shown(): Promise<Cache> {
  return ((await project.json("cache")) as JsonRan<Cache>).document;
}

describe("cache", () => {
  it("is empty before any other command has run", async () => {
    const { status, stdout } = await project.run("cache");
    expect(stdout).toMatch(/^\/\S+\/cache: 0 B\n$/);
    expect(status).toBe(0);
  });

  it("lists its parts with size and age, and prune removes them", async () => {
    await project.run("assemble", "--arch", "riscv64");
    await project.run("verify-links", "out");
    const { parts, bytes } = await shown();
    expect(parts.map(({ part }) => part)).toEqual(["directories", "layer-indexes"]);
    expect(bytes).toBeGreaterThan(0);
    const { stdout } = await project.run("cache");
    expect(stdout).toMatch(/^directories +\d entries +\d+ B +used \d{4}-\d\d-\d\d to /m);
    const dry = await project.run("cache", "prune", "--max-age", "0", "--dry-run");
    expect(dry.stdout).toMatch(/: would remove \d+ entries, .*; 0 B would stay\n$/);
    expect(await shown()).toMatchObject({ bytes });
    expect((await project.run("cache", "prune")).stdout).toMatch(/: nothing to remove; /);
    const pruned = await project.run("cache", "prune", "--max-age", "0");
    expect(pruned.stdout).toMatch(/: removed \d+ entries, .*; 0 B stay\n$/);
    expect(await shown()).toMatchObject({ bytes: 0, parts: [] });
  });

  it("keeps an artifact from a registry until it is pruned", async () => {
    await project.run("assemble", "--arch", "riscv64", "--push", "saved");
    const artifact = `${project.repository}:saved-riscv64`;
    const copies = ["--artifact", artifact, "--copy", "/opt/gcc"];
    const words = ["--base", "scratch", ...copies, "--output", "oci:own"];
    expect((await project.run("assemble", "--arch", "riscv64", ...words)).status).toBe(0);
    expect((await shown()).parts).toContainEqual(
      expect.objectContaining({ part: "blobs", entries: 1 }),
    );
    await project.run("cache", "prune", "--max-age", "0");
    expect((await shown()).parts.map(({ part }) => part)).not.toContain("layer-indexes");
  });

  it.each([
    [["--max-size", "much"], "--max-size: expected a size as 500MB"],
    [["--max-age", "1 month"], "--max-age: expected a duration"],
  ])("prune refuses %j", async (words, message) => {
    const { status, stderr } = await project.run("cache", "prune", ...words);
    expect(stderr).toContain(message);
    expect(status).toBe(1);
  });
});

describe("an input that can't be read in place", () => {
  it("is kept beside the target or in the cache directory, never in TMPDIR, and its size is shown", async () => {
    await project.run("assemble", "--arch", "riscv64");
    await project.run("copy", "oci:out/linux-runtime/riscv64", "oci-archive:image.tar:1");
    const { gzipSync } = await import("node:zlib");
    const { readFileSync } = await import("node:fs");
    project.write("image.tar.gz", gzipSync(readFileSync("image.tar")));
    const beside = await project.run("copy", "oci-archive:image.tar.gz", "oci:deep/er/copied");
    expect(beside).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(
        new RegExp(`^oci-kit: kept [\\d.]+ kB in ${project.directory} until the command ends\\n$`),
      ) as string,
    });
    const registry = await project.run("copy", "oci-archive:image.tar.gz", project.repository);
    const spool = join((await shown()).directory, "spool");
    expect(registry.stderr).toContain(`in ${spool} until`);
    expect(existsSync(spool)).toBe(true);
  });
});
