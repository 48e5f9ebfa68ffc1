// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { usePackingSite } from "../../../test/fixtures/packing.ts";
import { readImage } from "../../image/image.ts";
import { packDirectory } from "./pack-directory.ts";

const site = usePackingSite();
const { at, write, settleTimes, pack, entriesOf, pathsIn } = site;

describe("a packed directory", () => {
  it("is one layer, with parents first and names sorted by their bytes", async () => {
    write("b", "1");
    write("a/z", "22");
    write("a-b", "");
    fs.symlinkSync("/nowhere", at("a/link"));
    fs.linkSync(at("a/z"), at("c"));
    const result = await packDirectory(site.directory, site.store);
    const image = await readImage(site.store, result.image!);
    const entries = await entriesOf(image);
    expect(
      entries.map(({ entry, content }) => [entry.type, entry.path, entry.linkTarget, content]),
    ).toEqual([
      ["directory", "./", "", ""],
      ["directory", "a/", "", ""],
      ["symlink", "a/link", "/nowhere", ""],
      ["file", "a/z", "", "22"],
      ["file", "a-b", "", ""],
      ["file", "b", "", "1"],
      ["hardlink", "c", "a/z", ""],
    ]);
    expect(result).toMatchObject({ entries: 7, bytes: 3, changes: [], skipped: [] });
    expect(result.layers.map(({ diffId }) => diffId)).toEqual(image.config.value.rootfs.diff_ids);
  });

  it("keeps the root's own mode and time, and nanoseconds", async () => {
    fs.chmodSync(site.directory, 0o2750);
    fs.utimesSync(site.directory, 1.5, 1.5);
    const [root] = await entriesOf(await pack());
    expect(root!.entry).toMatchObject({
      path: "./",
      mode: 0o2750,
      mtime: 1,
      mtimeNanoseconds: 5e8,
    });
  });

  it("is the same for the same tree, at any time", async () => {
    write("a", "1");
    settleTimes();
    const first = await pack();
    fs.rmSync(site.directory, { recursive: true });
    fs.mkdirSync(site.directory, { mode: 0o755 });
    write("a", "1");
    settleTimes();
    expect((await pack()).descriptor.digest).toBe(first.descriptor.digest);
  });

  it("is an image for this machine's processor and 1970, unless a platform and a time are given", async () => {
    const own = (await pack()).config.value;
    expect(own).toMatchObject({ os: "linux", created: "1970-01-01T00:00:00Z" });
    expect(own.architecture).not.toBe("x64");
    const platform = { os: "linux", architecture: "riscv64" };
    const told = (await pack({ platform, created: 86_400 })).config.value;
    expect(told).toMatchObject({ ...platform, created: "1970-01-02T00:00:00Z" });
    expect(told.history).toEqual([{ created: "1970-01-02T00:00:00Z", created_by: "oci-kit pack" }]);
  });

  it("can be compressed with zstd", async () => {
    write("a", "1");
    const image = await pack({ compression: "zstd" });
    expect(image.manifest.value.layers[0]!.mediaType).toMatch(/\+zstd$/);
    expect(await pathsIn(image)).toEqual(["./", "a"]);
  });

  it("gets its tag, or is a root if no tag is given", async () => {
    const { descriptor } = await pack({ tag: "v1" });
    expect((await site.store.resolve("v1")).digest).toBe(descriptor.digest);
    write("a", "1");
    const other = await pack();
    const roots = await site.store.capabilities.roots();
    expect(roots.map(({ digest }) => digest)).toContain(other.descriptor.digest);
  });

  it("leaves sockets out and reports them", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(at("socket"), resolve));
    const { image, skipped } = await packDirectory(site.directory, site.store);
    await new Promise((resolve) => server.close(resolve));
    expect(skipped).toEqual([
      { path: "/socket", reason: expect.stringContaining("socket") as string },
    ]);
    expect(await pathsIn(await readImage(site.store, image!))).toEqual(["./"]);
  });

  it("has its owners mapped, and is refused if an owner is outside all ranges", async () => {
    write("a", "1");
    fs.linkSync(at("a"), at("b"));
    const { uid, gid } = fs.statSync(at("a"));
    const uidMap = [{ image: 1000, disk: uid, size: 1 }];
    const gidMap = [{ image: 2000, disk: gid, size: 1 }];
    const entries = await entriesOf(await pack({ uidMap, gidMap }));
    expect(entries.map(({ entry }) => [entry.type, entry.uid, entry.gid])).toEqual([
      ["directory", 1000, 2000],
      ["file", 1000, 2000],
      ["hardlink", 1000, 2000],
    ]);
    const other = [{ image: 0, disk: uid + 1, size: 1 }];
    await expect(pack({ uidMap: other })).rejects.toThrow("in one of the ranges");
  });

  it("is refused if a file's name means a removal in a layer", async () => {
    write("d/.wh.x", "");
    await expect(pack()).rejects.toMatchObject({ code: "unsupported-operation" });
  });

  it("may contain a directory with the name of a whiteout", async () => {
    write(".wh.etc/x", "");
    expect(await pathsIn(await pack())).toEqual(["./", ".wh.etc/", ".wh.etc/x"]);
  });

  it("is only looked at in a dry run", async () => {
    write("d/a", "123");
    const result = await packDirectory(site.directory, site.store, { dryRun: true, tag: "v1" });
    expect(result).toMatchObject({ image: undefined, layers: [], entries: 3, bytes: 3 });
    expect(result.changes).toEqual([
      { change: "added", path: "/" },
      { change: "added", path: "/d" },
      { change: "added", path: "/d/a" },
    ]);
    expect(await site.store.capabilities.tags()).toEqual([]);
  });

  it("is not finished if packing is aborted, and leaves nothing", async () => {
    write("a", "x");
    const signal = AbortSignal.abort();
    await expect(pack({ signal, tag: "v1" })).rejects.toMatchObject({ code: "aborted" });
    expect(await site.store.capabilities.tags()).toEqual([]);
  });

  it("is refused if options clash", async () => {
    const image = await pack();
    await expect(pack({ base: image, exact: true })).rejects.toThrow("exact or a base");
    const platform = { os: "linux", architecture: "arm64" };
    await expect(pack({ base: image, platform })).rejects.toThrow("a platform or a base");
    await expect(pack({ exact: true })).rejects.toThrow("got no sidecar");
  });
});
