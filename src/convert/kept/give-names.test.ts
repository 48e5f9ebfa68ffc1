// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { watchedImage } from "../../../test/fixtures/watched-image.ts";
import type { LayerFiles } from "../../testing/build-image.ts";
import { removeTree } from "../../files/remove-tree.ts";
import { openConversions, type Conversions, type Converted } from "./conversions.ts";

let place: string;
let store: Conversions;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "oci-kit-links-"));
  store = openConversions(join(place, "store"));
});
afterEach(() => removeTree(place));

async function convert(names: readonly string[], files: LayerFiles = {}): Promise<Converted> {
  const { image } = await watchedImage({ file: "x", ...files });
  return store.convert({ image }, names);
}

async function digests(): Promise<Record<string, string | undefined>> {
  const { names } = await store.list();
  return Object.fromEntries(
    names.map(({ name, digest, problem }) => [name, problem?.code ?? digest]),
  );
}

describe("linking a name", () => {
  it("makes it mean what another name or a digest means", async () => {
    const { digest } = await convert(["a:1"]);
    expect((await store.link("a:1", "a:latest")).digest).toBe(digest);
    expect((await store.link(digest, "b/c")).digest).toBe(digest);
    expect(await digests()).toEqual({ "a:1": digest, "a:latest": digest, "b/c": digest });
  });

  it("reads nothing of the conversion and repoints an existing name", async () => {
    const old = await convert(["old", "name"], { more: "y" });
    const { directory, digest } = await convert(["new"]);
    rmSync(join(directory, "image.json"));
    rmSync(join(directory, "rootfs"), { recursive: true });
    expect((await store.link("new", "name")).digest).toBe(digest);
    expect(await digests()).toEqual({ new: digest, name: digest, old: old.digest });
  });

  it("refuses a source that is not complete in this store and leaves the name unchanged", async () => {
    const good = await convert(["name"]);
    const gone = await convert(["gone"], { more: "y" });
    await removeTree(gone.directory);
    for (const source of ["gone", "nothing", gone.digest]) {
      await expect(store.link(source, "name")).rejects.toMatchObject({ code: "not-found" });
    }
    expect(await digests()).toEqual({ name: good.digest, gone: "not-found" });
    for (const name of ["", good.digest]) {
      await expect(store.link("name", name)).rejects.toMatchObject({ code: "invalid-argument" });
    }
  });

  it("does not overwrite anything that is not a name", async () => {
    await convert(["name"]);
    writeFileSync(join(store.directory, "names/file"), "mine");
    symlinkSync("/etc", join(store.directory, "names/foreign"));
    for (const name of ["file", "foreign"]) {
      await expect(store.link("name", name)).rejects.toMatchObject({ code: "invalid-layout" });
      await expect(store.resolve(name)).rejects.toMatchObject({ code: "invalid-layout" });
    }
    const { image } = await watchedImage({ file: "never read" });
    await expect(store.convert({ image }, ["file"])).rejects.toMatchObject({
      code: "invalid-layout",
    });
  });

  it("marks the name's old conversion as used, for anyone still working with it", async () => {
    const before = await convert(["name"]);
    const after = await convert(["other"], { more: "y" });
    utimesSync(before.directory, 0, 0);
    await store.link("other", "name");
    expect(Date.now() - statSync(before.directory).mtimeMs).toBeLessThan(60_000);
    utimesSync(after.directory, 0, 0);
    await store.unlink("name");
    expect(Date.now() - statSync(after.directory).mtimeMs).toBeLessThan(60_000);
  });
});

describe("unlinking a name", () => {
  it("removes the name and nothing else", async () => {
    const { digest } = await convert(["one", "two"]);
    await store.unlink("one");
    expect(await digests()).toEqual({ two: digest });
    await store.unlink("two");
    expect((await store.list()).conversions).toMatchObject([{ digest, names: [] }]);
    await expect(store.unlink("two")).rejects.toMatchObject({ code: "not-found" });
  });

  it("also removes a name that leads to nothing or out of the store", async () => {
    const { directory } = await convert(["gone"]);
    await removeTree(directory);
    symlinkSync("/etc", join(store.directory, "names/foreign"));
    await store.unlink("gone");
    await store.unlink("foreign");
    expect(await digests()).toEqual({});
    expect(statSync("/etc").isDirectory()).toBe(true);
  });
});

describe("listing a store", () => {
  it("shows names that lead to nothing and entries that can't be read", async () => {
    const gone = await convert(["gone"]);
    const damaged = await convert(["damaged"], { more: "y" });
    await removeTree(gone.directory);
    writeFileSync(join(damaged.directory, "image.json"), '{"version":2}');
    writeFileSync(join(store.directory, "names/file"), "");
    const { names, conversions } = await store.list();
    expect(names).toMatchObject([
      { name: "damaged", digest: damaged.digest, problem: undefined },
      { name: "file", key: undefined, digest: undefined, problem: { code: "invalid-layout" } },
      { name: "gone", key: gone.key, digest: gone.digest, problem: { code: "not-found" } },
    ]);
    expect(conversions).toMatchObject([
      { key: damaged.key, image: undefined, problem: { code: "invalid-layout" } },
    ]);
  });

  it("fails if there is no store, like every operation except converting", async () => {
    const nothing = openConversions(join(place, "nothing"));
    for (const ask of [
      () => nothing.list(),
      () => nothing.resolve("a"),
      () => nothing.link("a", "b"),
      () => nothing.unlink("a"),
      () => nothing.prune(),
    ]) {
      await expect(ask()).rejects.toMatchObject({ code: "not-found" });
    }
  });
});
