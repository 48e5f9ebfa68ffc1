// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sourceOf } from "../bytes/bytes.ts";
import { makeIndex } from "../image/index-document.ts";
import { parsePlatform } from "../oci/platform.ts";
import { openLayout } from "../store/layout/layout.ts";
import { b, file, makeImage } from "../../test/fixtures/layers.ts";
import { isLayout, openRootFilesystem } from "./open-root-filesystem.ts";

let base: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "open-root-"));
});

afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

it("a layout is opened as the filesystem of its image, by scheme, by path or by tag", async () => {
  const directory = join(base, "layout");
  const store = await openLayout(directory, { create: true });
  const made = await makeImage([[file("etc/x")]], { store, tag: "one" });
  for (const reference of [`oci:${directory}`, directory, `oci:${directory}:one`]) {
    const { root, image, close } = await openRootFilesystem(reference);
    expect(root.list(b("/etc"))).toEqual(["x"]);
    expect(image?.descriptor.digest).toBe(made.descriptor.digest);
    expect(image?.config.value.architecture).toBe("amd64");
    await close();
  }
});

it("a directory that is not a layout is opened as a plain directory, and can be closed", async () => {
  mkdirSync(join(base, "etc"));
  for (const reference of [base, `dir:${base}`]) {
    const { root, image, close } = await openRootFilesystem(reference);
    expect(root.list(b("/"))).toEqual(["etc"]);
    expect(image).toBeUndefined();
    await close();
    await close();
    expect(() => root.list(b("/"))).toThrow(/closed/);
  }
});

it("a directory with any file of a layout is opened as a layout, however broken it is", async () => {
  writeFileSync(join(base, "index.json"), "{}");
  expect(await isLayout(base)).toBe(true);
  await expect(openRootFilesystem(base)).rejects.toMatchObject({ code: "invalid-layout" });
});

it("an index is opened as its image for the given platform, and without a platform the error lists all", async () => {
  const directory = join(base, "layout");
  const store = await openLayout(directory, { create: true });
  const children = [];
  for (const architecture of ["amd64", "arm64"]) {
    const image = await makeImage([[file(architecture)]], { store, architecture });
    children.push({ ...image.descriptor, platform: parsePlatform(architecture) });
  }
  const index = makeIndex(children);
  await store.push(index.descriptor, sourceOf(index.bytes));
  await store.tag(index.descriptor, "all");
  const platform = parsePlatform("arm64");
  const { root, close } = await openRootFilesystem(`oci:${directory}:all`, { platform });
  expect(root.list(b("/"))).toEqual(["arm64"]);
  await close();
  const opening = openRootFilesystem(`oci:${directory}:all`);
  await expect(opening).rejects.toMatchObject({ code: "ambiguous" });
});

it("opening a path that does not exist fails with not-found", async () => {
  await expect(openRootFilesystem(join(base, "no"))).rejects.toMatchObject({ code: "not-found" });
});
