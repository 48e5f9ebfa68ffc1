// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import {
  b,
  directory,
  file,
  mergeImage,
  symlink,
  type Piece,
} from "../../../test/fixtures/layers.ts";
import { findComponents, type FindComponentsOptions } from "./find-components.ts";

const LISTS = "var/lib/dpkg/info";

async function componentsIn(
  pieces: readonly Piece[],
  paths: readonly string[],
  options: FindComponentsOptions = {},
): Promise<readonly string[]> {
  const components = await findComponents(await mergeImage([pieces]), options);
  return paths.map((path) => components.of(b(path)));
}

describe("the component of a file", () => {
  it("is the package whose list names it, though it names it by a directory that is a link now", async () => {
    const pieces = [
      symlink("bin", "usr/bin"),
      file("usr/bin/sh", "x"),
      file("usr/bin/other", "x"),
      file(`${LISTS}/dash.list`, "/.\n/bin\n/bin/sh\n/usr/share/doc/not-there\n"),
    ];
    const found = await componentsIn(pieces, ["/usr/bin/sh", "/usr/bin/other"]);
    expect(found).toEqual(["dash", "/usr/bin"]);
  });

  it("is the package without its architecture, also for what dpkg keeps of it", async () => {
    const pieces = [
      file("usr/lib/libc.so", "x"),
      file(`${LISTS}/libc6:amd64.list`, "/usr/lib/libc.so\n"),
      file(`${LISTS}/libc6:amd64.postinst`, "x"),
    ];
    const paths = [
      "/usr/lib/libc.so",
      `/${LISTS}/libc6:amd64.list`,
      `/${LISTS}/libc6:amd64.postinst`,
    ];
    expect(await componentsIn(pieces, paths)).toEqual(["libc6", "libc6", "libc6"]);
  });

  it("follows diversions: the file of the package lies where another put it", async () => {
    const pieces = [
      file("usr/bin/x", "new"),
      file("usr/bin/x.old", "old"),
      file("var/lib/dpkg/diversions", "/usr/bin/x\n/usr/bin/x.old\nbetter\n"),
      file(`${LISTS}/better.list`, "/usr/bin/x\n"),
      file(`${LISTS}/plain.list`, "/usr/bin/x\n"),
    ];
    expect(await componentsIn(pieces, ["/usr/bin/x", "/usr/bin/x.old"])).toEqual([
      "better",
      "plain",
    ]);
  });

  it("is the first by name of several packages, whatever their order in the layer", async () => {
    const lists = ["b", "a"].map((name) => file(`${LISTS}/${name}.list`, "/usr/f\n"));
    for (const pieces of [lists, [...lists].reverse()]) {
      expect(await componentsIn([file("usr/f", "x"), ...pieces], ["/usr/f"])).toEqual(["a"]);
    }
  });

  it("comes from the sums that images without dpkg have, and from apk's records", async () => {
    const pieces = [
      file("usr/lib/ssl", "x"),
      file("var/lib/dpkg/status.d/libssl3.md5sums", `${"0".repeat(32)}  usr/lib/ssl\n`),
      file("etc/motd", "x"),
      file(
        "lib/apk/db/installed",
        "C:Q1\nP:base\nV:1\nF:etc\nM:0:0:755\nR:motd\nZ:Q1\n\nP:next\nF:\nR:top\n\n",
      ),
      file("top", "x"),
    ];
    const found = await componentsIn(pieces, ["/usr/lib/ssl", "/etc/motd", "/top"]);
    expect(found).toEqual(["libssl3", "base", "next"]);
  });

  it("is declared before all records, also for all below a directory", async () => {
    const pieces = [file("opt/m/a/b", "x"), file(`${LISTS}/p.list`, "/opt/m/a/b\n")];
    const declared = [{ name: "models", paths: ["/opt/m"] }];
    expect(await componentsIn(pieces, ["/opt/m/a/b"], { declared })).toEqual(["models"]);
    await expect(
      componentsIn(pieces, [], { declared: [{ name: "x", paths: [] }] }),
    ).rejects.toMatchObject({
      code: "invalid-argument",
    });
  });

  it("is otherwise its directory, cut after four levels", async () => {
    const paths = ["/a", "/usr/lib/python3/dist-packages/numpy/core/x.py", "/etc/f"];
    const expected = ["/", "/usr/lib/python3/dist-packages", "/etc"];
    expect(await componentsIn([directory("usr")], paths)).toEqual(expected);
  });
});

describe("records that are hostile or not understood", () => {
  it("name nothing outside the image, and take no memory for what is not in it", async () => {
    const lines = Array.from({ length: 20_000 }, (_, at) => `/no/${at}/x\n../../etc/passwd\n`);
    const pieces = [
      symlink("loop", "loop"),
      file("f", "x"),
      file(`${LISTS}/evil.list`, `/loop/x\n/${"d/".repeat(3_000)}x\n\n/f\n${lines.join("")}`),
      file("lib/apk/db/installed", "R:f\nP:\nF:\nR:f\nF:..\nR:f\n"),
    ];
    expect(await componentsIn(pieces, ["/f", "/etc/passwd"])).toEqual(["evil", "/etc"]);
  });
});
