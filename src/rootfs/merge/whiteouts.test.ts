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

/** One line for each path of the merged tree, except the root. */
async function merge(...layers: Piece[][]): Promise<string[]> {
  return listTree(await mergeImage(layers)).slice(1);
}

describe("whiteouts", () => {
  it("remove what lower layers have, with everything below it", async () => {
    expect(await merge([file("a/b/c"), file("a/d")], [whiteout("a/.wh.b")])).toEqual([
      "/a directory",
      "/a/d file",
    ]);
  });

  it("never affect their own layer, whether before or after the entry they name", async () => {
    expect(await merge([file("x", "old")], [whiteout(".wh.x"), file("x")])).toEqual(["/x file"]);
    expect(await merge([file("x", "old")], [file("x"), whiteout(".wh.x")])).toEqual(["/x file"]);
  });

  it("create no directories when there is nothing to remove", async () => {
    expect(await merge([file("x")], [whiteout("no/where/.wh.y")])).toEqual(["/x file"]);
  });

  it("let a later layer reuse the removed name for another type", async () => {
    expect(await merge([file("x")], [whiteout(".wh.x")], [file("x/y")])).toEqual([
      "/x directory",
      "/x/y file",
    ]);
  });

  it("of a link remove only the link", async () => {
    expect(await merge([file("d/x"), symlink("l", "d")], [whiteout(".wh.l")])).toEqual([
      "/d directory",
      "/d/x file",
    ]);
  });

  it("whose path goes through a link remove only what is inside the root", async () => {
    expect(await merge([file("etc/x"), symlink("l", "/etc")], [whiteout("l/.wh.x")])).toEqual([
      "/etc directory",
      "/l -> /etc",
    ]);
  });

  it("of one name of a hard-linked file leave its other names", async () => {
    expect(await merge([file("a"), hardlink("b", "a")], [whiteout(".wh.a")])).toEqual(["/b file"]);
  });

  it("are all looked up before any takes effect, so that their order has no meaning", async () => {
    const lower = [file("etc/x"), symlink("l", "etc")];
    const removals = [whiteout(".wh.l"), whiteout("l/.wh.x")];
    expect(await merge(lower, removals)).toEqual(["/etc directory"]);
    expect(await merge(lower, removals.reverse())).toEqual(["/etc directory"]);
  });

  it.each([".wh..", ".wh...", "a/.wh..", ".wh.", ".wh..wh.x"])(
    "are refused when they are named %j",
    async (path) => {
      await expect(merge([whiteout(path)])).rejects.toMatchObject({ code: "invalid-layer" });
    },
  );

  it("have to be files: a directory named .wh.etc keeps its contents like any other", async () => {
    expect(await merge([file("etc")], [file(".wh.etc/x")])).toContain("/etc file");
  });

  it("that are AUFS's own bookkeeping files are ignored", async () => {
    expect(await merge([file("x"), whiteout(".wh..wh.aufs"), directory(".wh..wh.plnk")])).toEqual([
      "/x file",
    ]);
  });
});

describe("opaque directories", () => {
  it.each([
    ["before", [whiteout("d/.wh..wh..opq"), file("d/new")]],
    ["after", [file("d/new"), whiteout("d/.wh..wh..opq")]],
  ])("hide what lower layers put there, with the marker %s the entries", async (_, upper) => {
    expect(await merge([file("d/old"), file("d/sub/x")], upper)).toEqual([
      "/d directory",
      "/d/new file",
    ]);
  });

  it("hide everything when the root is opaque", async () => {
    expect(await merge([file("a"), file("b/c")], [file("d"), whiteout(".wh..wh..opq")])).toEqual([
      "/d file",
    ]);
  });

  it("combine with plain whiteouts in any order, and need not exist in lower layers", async () => {
    const lower = [file("d/x"), file("e")];
    const removals = [whiteout("d/.wh..wh..opq"), whiteout("d/.wh.x"), whiteout("no/.wh..wh..opq")];
    expect(await merge(lower, removals)).toEqual(["/d directory", "/e file"]);
    expect(await merge(lower, removals.reverse())).toEqual(["/d directory", "/e file"]);
  });

  it("whose path goes through a link empty the link's target inside the root", async () => {
    expect(
      await merge([file("etc/x"), symlink("l", "/etc")], [whiteout("l/.wh..wh..opq")]),
    ).toEqual(["/etc directory", "/l -> /etc"]);
  });

  it("that replace a link leave the link's target alone, as overlayfs expects", async () => {
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
