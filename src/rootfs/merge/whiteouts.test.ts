// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import {
  directory,
  file,
  hardlink,
  listTree,
  mergeImage,
  symlink,
  whiteout,
  type Piece,
} from "../../../test/fixtures/layers.ts";

/** The merged tree without its root's line. */
async function merge(...layers: Piece[][]): Promise<string[]> {
  return listTree(await mergeImage(layers)).slice(1);
}

describe("whiteouts", () => {
  it("remove what lower layers have, with all below it", async () => {
    expect(await merge([file("a/b/c"), file("a/d")], [whiteout("a/.wh.b")])).toEqual([
      "/a directory",
      "/a/d file",
    ]);
  });

  it("leave their own layer alone, before and after the entry they name", async () => {
    expect(await merge([file("x", "old")], [whiteout(".wh.x"), file("x")])).toEqual(["/x file"]);
    expect(await merge([file("x", "old")], [file("x"), whiteout(".wh.x")])).toEqual(["/x file"]);
  });

  it("of nothing make no directories", async () => {
    expect(await merge([file("x")], [whiteout("no/where/.wh.y")])).toEqual(["/x file"]);
  });

  it("let a name come back with another type in the next layer (ggcr 2029)", async () => {
    expect(await merge([file("x")], [whiteout(".wh.x")], [file("x/y")])).toEqual([
      "/x directory",
      "/x/y file",
    ]);
  });

  it("of a link remove the link only", async () => {
    expect(await merge([file("d/x"), symlink("l", "d")], [whiteout(".wh.l")])).toEqual([
      "/d directory",
      "/d/x file",
    ]);
  });

  it("behind a link stay in the root", async () => {
    expect(await merge([file("etc/x"), symlink("l", "/etc")], [whiteout("l/.wh.x")])).toEqual([
      "/etc directory",
      "/l -> /etc",
    ]);
  });

  it("of a hard-linked name leave the other names", async () => {
    expect(await merge([file("a"), hardlink("b", "a")], [whiteout(".wh.a")])).toEqual(["/b file"]);
  });

  it("are looked up before any takes effect: their order has no meaning", async () => {
    const lower = [file("etc/x"), symlink("l", "etc")];
    const removals = [whiteout(".wh.l"), whiteout("l/.wh.x")];
    expect(await merge(lower, removals)).toEqual(["/etc directory"]);
    expect(await merge(lower, removals.reverse())).toEqual(["/etc directory"]);
  });

  it.each([".wh..", ".wh...", "a/.wh..", ".wh.", ".wh..wh.x"])(
    "named %j are refused",
    async (path) => {
      await expect(merge([whiteout(path)])).rejects.toMatchObject({ code: "invalid-layer" });
    },
  );

  it("are files: a directory .wh.etc holds files like any other", async () => {
    expect(await merge([file("etc")], [file(".wh.etc/x")])).toContain("/etc file");
  });

  it("of AUFS's own bookkeeping are left out", async () => {
    expect(await merge([file("x"), whiteout(".wh..wh.aufs"), directory(".wh..wh.plnk")])).toEqual([
      "/x file",
    ]);
  });
});

describe("opaque directories", () => {
  it.each([
    ["before", [whiteout("d/.wh..wh..opq"), file("d/new")]],
    ["after", [file("d/new"), whiteout("d/.wh..wh..opq")]],
  ])("hide what lower layers put there, the marker %s the entries", async (_, upper) => {
    expect(await merge([file("d/old"), file("d/sub/x")], upper)).toEqual([
      "/d directory",
      "/d/new file",
    ]);
  });

  it("hide everything at the root", async () => {
    expect(await merge([file("a"), file("b/c")], [file("d"), whiteout(".wh..wh..opq")])).toEqual([
      "/d file",
    ]);
  });

  it("go with plain whiteouts in any order, and may be absent below", async () => {
    const lower = [file("d/x"), file("e")];
    const removals = [whiteout("d/.wh..wh..opq"), whiteout("d/.wh.x"), whiteout("no/.wh..wh..opq")];
    expect(await merge(lower, removals)).toEqual(["/d directory", "/e file"]);
    expect(await merge(lower, removals.reverse())).toEqual(["/d directory", "/e file"]);
  });

  it("behind a link empty its target inside the root", async () => {
    expect(
      await merge([file("etc/x"), symlink("l", "/etc")], [whiteout("l/.wh..wh..opq")]),
    ).toEqual(["/etc directory", "/l -> /etc"]);
  });

  it("in place of a link leave the link's target alone, as overlayfs writes them", async () => {
    const lower = [file("usr/lib/x"), symlink("lib", "usr/lib")];
    const upper = [directory("lib"), whiteout("lib/.wh..wh..opq"), file("lib/y")];
    expect(await merge(lower, upper)).toEqual([
      "/lib directory",
      "/lib/y file",
      "/usr directory",
      "/usr/lib directory",
      "/usr/lib/x file",
    ]);
  });
});
