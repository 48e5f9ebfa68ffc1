// SPDX-License-Identifier: MIT
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildImage } from "../../testing/build-image.ts";
import { openLayout } from "../layout/layout.ts";
import { createOciArchive, openOciArchive } from "./oci-archive.ts";

// Nothing is written that could not be read again: beyond the limits of reading, writing fails.

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-limits-"));
});
afterEach(() => rm(directory, { recursive: true }));

describe("a layout", () => {
  it("refuses more index.json entries than can be read, and stays readable", async () => {
    const layout = await openLayout(directory, { create: true, limits: { children: 2 } });
    const { descriptor } = await buildImage(layout, { layers: [{ a: "a" }] });
    for (const tag of ["one", "two"]) await layout.tag(descriptor, tag);
    const before = readFileSync(join(directory, "index.json"));
    await expect(layout.tag(descriptor, "three")).rejects.toMatchObject({
      code: "limit-exceeded",
      message: expect.stringContaining("index.json: expected at most 2 entries, got 3") as string,
      hint: expect.stringContaining("--limit children=N") as string,
    });
    expect(readFileSync(join(directory, "index.json"))).toEqual(before);
    expect(await layout.capabilities.tags()).toEqual(["one", "two"]);
  });

  it("refuses a larger index.json than can be read", async () => {
    const layout = await openLayout(directory, { create: true, limits: { documentBytes: 2000 } });
    const { descriptor } = await buildImage(layout, { layers: [{ a: "a" }] });
    const annotations = { note: "x".repeat(3000) };
    await expect(layout.tag({ ...descriptor, annotations }, "big")).rejects.toMatchObject({
      code: "limit-exceeded",
      details: { limit: "documentBytes" },
    });
    expect(await layout.capabilities.tags()).toEqual([]);
  });
});

describe("an archive", () => {
  it("is not written with more entries than can be read", async () => {
    const file = join(directory, "a.tar");
    const limits = { children: 1 };
    const few = await createOciArchive(file, { limits });
    await buildImage(few, { layers: [{ a: "a" }], tag: "t" });
    await few.close();
    await (await openOciArchive(file, { limits })).close();
    await rm(file);
    const many = await createOciArchive(file, { limits });
    const layers = Array.from({ length: 9 }, (_, at) => ({ [`f${at}`]: "x" }));
    for (const layer of layers) await buildImage(many, { layers: [layer] });
    await buildImage(many, { layers: [{ a: "a" }], tag: "t" });
    await expect(many.close()).rejects.toMatchObject({
      code: "limit-exceeded",
      hint: expect.stringContaining("--limit children=N") as string,
    });
    expect(readdirSync(directory)).toEqual([]);
  });
});
