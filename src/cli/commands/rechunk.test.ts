// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createImagesProject, type ImagesProject } from "../../../test/fixtures/images-project.ts";
import type { JsonRan } from "../../../test/fixtures/project.ts";

let project: ImagesProject;

beforeEach(async () => {
  project = await createImagesProject();
});
afterEach(() => project.remove());

interface Document {
  readonly digest: string;
  readonly images: readonly {
    readonly platform: string;
    readonly previous?: string;
    readonly layers: readonly { readonly kind: string }[];
    readonly sentBytes: number;
    readonly seconds?: number;
    readonly notices: readonly string[];
    readonly limits: readonly string[];
  }[];
}

async function rechunked(...words: string[]): Promise<Document> {
  const { status, document } = (await project.json("rechunk", ...words)) as JsonRan<Document>;
  expect(document).not.toHaveProperty("error");
  expect(status).toBe(0);
  return document;
}

const sent = ({ images }: Document): number[] => images.map(({ sentBytes }) => sentBytes);

describe("rechunk", () => {
  it("rechunks every image of an index, and sends nothing the second time", async () => {
    const first = await rechunked("oci:images:all", "oci:out:1");
    expect(first.images.map(({ platform }) => platform)).toEqual(["linux/amd64", "linux/riscv64"]);
    expect(sent(first).every((bytes) => bytes > 0)).toBe(true);
    const second = await rechunked("oci:images:all", "oci:out:1");
    expect(second.digest).toBe(first.digest);
    expect(sent(second)).toEqual([0, 0]);
    expect(second.images.map(({ previous }) => typeof previous)).toEqual(["string", "string"]);
    const trees = ["oci:images:all", "oci:out:1"].map((name) =>
      project.run("diff", name, "oci:images:one", "--platform", "linux/amd64"),
    );
    for (const { status } of await Promise.all(trees)) expect(status).toBe(0);
  });

  it("keeps layers of another image in another layout, and copies what the target lacks", async () => {
    await rechunked("oci:images:one", "oci:out:1");
    const next = await rechunked("oci:images:one", "oci:other:1", "--previous", "oci:out:1");
    expect(next.images[0]!.layers.every(({ kind }) => kind === "kept")).toBe(true);
    expect(sent(next)[0]).toBeGreaterThan(0);
    const fresh = await rechunked("oci:images:one", "oci:out:1", "--no-previous");
    expect(fresh.images[0]!.layers.every(({ kind }) => kind === "new")).toBe(true);
  });

  it("says in a dry run what the run then does, with times, and writes nothing", async () => {
    const before = project.list();
    const words = ["oci:images:one", "oci:out:1", "--rate", "1kB/s"];
    const dry = await rechunked(...words, "--dry-run");
    expect(project.list()).toEqual(before);
    const real = await rechunked(...words);
    expect(dry.digest).toBe(real.digest);
    expect(dry.images[0]).toEqual(real.images[0]);
    expect(dry.images[0]!.seconds).toBeGreaterThan(0);
    const { stdout } = await project.run("rechunk", ...words, "--dry-run");
    expect(stdout).toMatch(/^linux\/amd64: \d+ layers?, 0 new, after sha256:/);
    expect(stdout).toContain("  kept  sha256:");
    expect(stdout).toContain("sends 0 B of");
  });

  it("draws the layers, kept and new, as a page that needs no script", async () => {
    await rechunked("oci:images:one", "oci:out:1");
    const words = ["oci:images:all", "oci:out:1", "--dry-run", "--html", "plan.html"];
    const document = await rechunked(...words);
    const page = readFileSync("plan.html", "utf8");
    expect(page.match(/class="fill layer-[12]"/g)).toHaveLength(
      document.images.reduce((sum, { layers }) => sum + layers.length, 0),
    );
    expect(page).toContain("linux/riscv64");
    expect(page).not.toContain("<script");
  });

  it("says that a previous image was not rechunked, and keeps none of its layers", async () => {
    const { images } = await rechunked(
      "oci:images:one",
      "oci:out:1",
      "--previous",
      "oci:images:one",
    );
    expect(images[0]!.notices).toEqual([expect.stringContaining("was not rechunked")]);
    expect(images[0]!.previous).toBeUndefined();
  });

  it.each([
    [["--max-layers", "1"], "--max-layers: expected a whole number from 2 to 120"],
    [["--max-dead", "101"], "--max-dead: expected percent from 0 to 100"],
    [["--rate", "5"], "--rate: expected a rate as 4.5MB/s"],
    [["--component", "x"], "--component: expected NAME=GLOB"],
    [["--component", "x=["], "expected"],
    [["--previous", "oci:nothing:1"], "nothing"],
    [["--html", "nowhere/plan.html"], "nowhere"],
  ])("refuses %j", async (words, message) => {
    const { status, stderr } = await project.run(
      "rechunk",
      "oci:images:one",
      "oci:out:1",
      ...words,
    );
    expect(status).toBe(1);
    expect(stderr).toContain(message);
  });
});
