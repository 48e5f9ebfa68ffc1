// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  directory,
  file,
  hardlink,
  makeImage,
  symlink,
  whiteout,
} from "../../../test/fixtures/layers.ts";
import { IS_ROOT, makeScratch, type Scratch } from "../../../test/fixtures/unpacking.ts";
import { loadXattrCalls, type XattrWriteCalls } from "../../disk/xattrs/xattr-calls.ts";
import { unpack, unpackOn } from "./unpack.ts";

let scratch: Scratch;

beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch.remove());

describe("the directory to unpack into", () => {
  it("is refused if it contains anything but has no record", async () => {
    fs.mkdirSync(scratch.directory);
    fs.writeFileSync(scratch.at("mine"), "precious");
    const failure = scratch.unpack([[file("a")]]);
    await expect(failure).rejects.toMatchObject({
      code: "already-exists",
      hint: expect.stringContaining("new directory") as string,
    });
    expect(scratch.list()).toEqual(["mine"]);
    expect(fs.existsSync(scratch.sidecar)).toBe(false);
  });

  it("is refused if it is a link, even to an empty directory", async () => {
    fs.mkdirSync(`${scratch.top}/target`);
    fs.symlinkSync("target", scratch.directory);
    const failure = scratch.unpack([[file("a")]]);
    await expect(failure).rejects.toMatchObject({
      code: "invalid-argument",
      message: expect.stringContaining("symbolic link") as string,
    });
    expect(fs.readdirSync(`${scratch.top}/target`)).toEqual([]);
  });

  it("is refused if it is a file", async () => {
    fs.writeFileSync(scratch.directory, "");
    await expect(scratch.unpack([[file("a")]])).rejects.toMatchObject({ code: "invalid-argument" });
  });

  it("is refused if its sidecar would be inside it", async () => {
    for (const sidecar of [scratch.directory, scratch.at("inside")]) {
      const failure = scratch.unpack([[file("a")]], { sidecar });
      await expect(failure).rejects.toMatchObject({ code: "invalid-argument" });
    }
  });

  it("is created with its parents, for the owner alone, and may be a relative path", async () => {
    const image = await makeImage([[file("a")]]);
    const path = `${scratch.top}/some/where/root`;
    const { directory: made } = await unpack(image, relative(process.cwd(), path));
    expect(made).toBe(path);
    expect(fs.statSync(`${scratch.top}/some/where`).mode & 0o7777).toBe(0o700);
  });

  it("may have its sidecar elsewhere", async () => {
    const sidecar = `${scratch.top}/elsewhere/side`;
    await scratch.unpack([[file("a")]], { sidecar });
    const { counts } = await scratch.unpack([[file("a")]], { sidecar });
    expect(counts.kept).toBe(2);
    expect(fs.existsSync(scratch.sidecar)).toBe(false);
  });

  it("must be new if no path can start at an open directory on this machine", async () => {
    const image = await makeImage([
      [directory("d", { mtime: 7 }), file("d/a", "x"), hardlink("b", "d/a"), symlink("l", "d")],
      [file("d/é", "y"), whiteout(".wh.l")],
    ]);
    const machine = { hasProcPaths: false };
    const { proof } = await unpackOn(machine, image, scratch.directory, {});
    expect(proof!.differences).toEqual([]);
    expect(scratch.list()).toEqual(["b", "d/", "d/a", "d/é"]);
    const again = unpackOn(machine, image, scratch.directory, {});
    await expect(again).rejects.toMatchObject({ code: "unsupported-operation" });
  });
});

describe("unpacking part of an image", () => {
  const LAYERS = [
    [
      directory("usr", { mode: 0o711, mtime: 3 }),
      directory("usr/bin"),
      file("usr/bin/cc", "cc"),
      file("usr/bin/ld", "ld"),
      directory("usr/share"),
      directory("usr/share/doc"),
      file("usr/share/doc/a"),
      symlink("bin", "usr/bin"),
    ],
    [directory("etc"), file("etc/conf", "c"), hardlink("etc/cc", "usr/bin/cc")],
  ];

  it("takes the included paths, what is below them, and their parents", async () => {
    await scratch.unpack(LAYERS, { include: ["usr/share", "/etc/c*"] });
    expect(scratch.list()).toEqual([
      "etc/",
      "etc/cc",
      "etc/conf",
      "usr/",
      "usr/share/",
      "usr/share/doc/",
      "usr/share/doc/a",
    ]);
    expect(fs.statSync(scratch.at("usr")).mode & 0o7777).toBe(0o711);
    expect(fs.statSync(scratch.at("usr")).mtimeMs).toBe(3000);
    expect(scratch.read("etc/cc")).toBe("cc");
  });

  it("takes everything if a pattern matches everything", async () => {
    const { counts } = await scratch.unpack(LAYERS, { include: ["/"] });
    expect(counts.written).toBe(11);
  });

  it("follows no link for a pattern and reports a pattern that matches nothing", async () => {
    const failure = scratch.unpack(LAYERS, { include: ["usr/bin/cc", "bin/cc"] });
    await expect(failure).rejects.toMatchObject({
      code: "not-found",
      details: { pattern: "bin/cc" },
    });
    expect(fs.existsSync(scratch.directory)).toBe(false);
    expect(fs.existsSync(`${scratch.directory}.oci-kit`)).toBe(false);
  });

  it("leaves exactly the newly included paths after another run", async () => {
    await scratch.unpack(LAYERS, { include: ["etc"] });
    const { counts } = await scratch.unpack(LAYERS, { include: ["bin", "usr/bin/**"] });
    expect(scratch.list()).toEqual([
      "bin -> usr/bin",
      "usr/",
      "usr/bin/",
      "usr/bin/cc",
      "usr/bin/ld",
    ]);
    expect(counts).toMatchObject({ written: 5, removed: 3 });
  });

  it("can take one layer alone", async () => {
    await scratch.unpack([LAYERS[0]!, [file("etc/conf", "c"), whiteout("usr/.wh.bin")]], {
      layer: 1,
    });
    expect(scratch.list()).toEqual(["etc/", "etc/conf"]);
    const wrong = scratch.unpack(LAYERS, { layer: 2 });
    await expect(wrong).rejects.toMatchObject({ code: "invalid-argument", details: { layer: 2 } });
  });
});

describe("a name that the disk does not accept", () => {
  it("is reported, and the directory is not called complete", async () => {
    const name = "n".repeat(256);
    const failure = scratch.unpack([[directory("d"), file(`d/${name}`, "x")]]);
    await expect(failure).rejects.toMatchObject({
      code: "unwritable",
      message: expect.stringContaining(`/d/${name.slice(0, 20)}`) as string,
      details: { errno: "ENAMETOOLONG" },
    });
    await scratch.unpack([[directory("d"), file("d/short", "x")]]);
    expect(scratch.list()).toEqual(["d/", "d/short"]);
  });
});

/** The ACL that `setfacl -d -m u:1234:rwx` gives a directory: two users. */
const DEFAULT_ACL = accessList([
  [1, 7],
  [2, 7, 1234],
  [4, 5],
  [16, 7],
  [32, 5],
]);

/** An ACL as the system stores it (acl(5)): tag, permissions and id of each entry. */
function accessList(entries: readonly (readonly number[])[]): Buffer {
  const list = Buffer.alloc(4 + 8 * entries.length);
  list.writeUInt32LE(2);
  for (const [at, [tag = 0, permissions = 0, id = 0xffffffff]] of entries.entries()) {
    list.writeUInt16LE(tag, 4 + 8 * at);
    list.writeUInt16LE(permissions, 6 + 8 * at);
    list.writeUInt32LE(id, 8 + 8 * at);
  }
  return list;
}

describe("unpacking does not inherit from the surroundings of the destination", () => {
  const pieces = [
    directory("d", { mode: 0o755 }),
    directory("d/e", { mode: 0o711 }),
    file("d/f", "x", { mode: 0o600 }),
    file("g", "x", { mode: 0o644 }),
    symlink("l", "g"),
  ];
  const places = [".", "d", "d/e", "d/f", "g"];

  it.each([["absent"], ["empty"]])("a default ACL, with the destination %s", async (state) => {
    const calls = loadXattrCalls() as XattrWriteCalls;
    try {
      calls.setAttributeSync(scratch.top, "system.posix_acl_default", DEFAULT_ACL);
    } catch (error) {
      if (process.env["CI"] !== undefined) throw error;
      return; // this file system has no ACLs
    }
    if (state === "empty") fs.mkdirSync(scratch.directory);
    const { refusals } = await scratch.unpack([pieces]);
    expect(refusals.xattrs.size).toBe(0);
    for (const place of places) {
      expect(calls.listAttributesSync(scratch.at(place)), place).toEqual([]);
    }
    expect(fs.statSync(scratch.at("g")).mode & 0o7777).toBe(0o644);
  });

  it.each([["absent"], ["empty"]])(
    "the group and the set-group-ID bit, with the destination %s",
    async (state) => {
      const other = process.getgroups?.().find((id) => id !== process.getegid?.()) ?? 50;
      if (IS_ROOT || process.getgroups?.().includes(other) === true) {
        fs.chownSync(scratch.top, -1, other);
      }
      fs.chmodSync(scratch.top, 0o2755);
      if (state === "empty") fs.mkdirSync(scratch.directory);
      await scratch.unpack([pieces], { sameOwner: false });
      for (const place of places) {
        const { mode, gid } = fs.statSync(scratch.at(place));
        expect(mode & 0o2000, place).toBe(0);
        if (place !== ".") expect(gid, place).toBe(process.getegid?.());
      }
    },
  );
});
