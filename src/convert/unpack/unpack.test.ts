// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  directory,
  file,
  hardlink,
  makeImage,
  special,
  symlink,
  whiteout,
} from "../../../test/fixtures/layers.ts";
import { IS_ROOT, makeScratch, type Scratch } from "../../../test/fixtures/unpacking.ts";
import { fromBytes, type ByteString } from "../../bytes/byte-string.ts";
import { makeEntry } from "../../layer/make-entry.ts";
import { unpack } from "./unpack.ts";

let scratch: Scratch;

beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch.remove());

describe("unpacking layers over each other", () => {
  it("makes the directory for its owner alone while it works, then gives it the mode of the root", async () => {
    await scratch.unpack([[directory("./", { mode: 0o751 }), file("a")]]);
    expect(fs.statSync(scratch.directory).mode & 0o7777).toBe(0o751);
    expect(fs.statSync(scratch.sidecar).mode & 0o7777).toBe(0o700);
  });

  it("treats an empty directory like a new one", async () => {
    fs.mkdirSync(scratch.directory);
    const { counts } = await scratch.unpack([[file("a")]]);
    expect(counts).toEqual({ written: 1, changed: 0, kept: 0, removed: 0 });
  });

  it("reads gzip, zstd and uncompressed layers", async () => {
    for (const compression of ["gzip", "zstd", "none"] as const) {
      const image = await makeImage([[file("a", "content")]], { compression });
      const { proof } = await unpack(image, `${scratch.directory}-${compression}`);
      expect(proof).toMatchObject({ differences: [], contents: 1 });
    }
  });

  it("leaves out what a later layer removes", async () => {
    await scratch.unpack([
      [directory("d"), file("d/a"), file("d/b"), directory("e"), file("e/x")],
      [whiteout("d/.wh.a"), whiteout("e/.wh..wh..opq"), file("e/y")],
    ]);
    expect(scratch.list()).toEqual(["d/", "d/b", "e/", "e/y"]);
  });

  it("links a name in one layer to a file of another", async () => {
    await scratch.unpack([[file("a", "shared")], [hardlink("b", "a")], [whiteout(".wh.a")]]);
    expect(scratch.list()).toEqual(["b"]);
    expect(scratch.read("b")).toBe("shared");
    expect(fs.statSync(scratch.at("b")).nlink).toBe(1);
  });

  it("gives all names of a file the same inode", async () => {
    await scratch.unpack([
      [file("a", "x"), hardlink("b", "a"), directory("d"), hardlink("d/c", "b")],
    ]);
    const inodes = ["a", "b", "d/c"].map((path) => fs.statSync(scratch.at(path)).ino);
    expect(new Set(inodes).size).toBe(1);
    expect(fs.statSync(scratch.at("a")).nlink).toBe(3);
  });

  it("links the names of a symbolic link and of a fifo, too", async () => {
    await scratch.unpack([
      [symlink("l", "nowhere"), hardlink("m", "l"), special("fifo", "f"), hardlink("g", "f")],
    ]);
    expect(fs.lstatSync(scratch.at("l")).ino).toBe(fs.lstatSync(scratch.at("m")).ino);
    expect(fs.lstatSync(scratch.at("f")).ino).toBe(fs.lstatSync(scratch.at("g")).ino);
  });

  it("replaces a directory by a link and a link by a directory", async () => {
    await scratch.unpack([
      [directory("d"), file("d/a"), symlink("l", "d"), directory("target")],
      [symlink("d", "target"), whiteout(".wh.l")],
      [directory("l"), file("l/in"), file("d/through")],
    ]);
    expect(scratch.list()).toEqual(["d -> target", "l/", "l/in", "target/", "target/through"]);
  });

  it("makes parents that no layer lists", async () => {
    await scratch.unpack([[file("a/b/c", "deep")]]);
    expect(scratch.list()).toEqual(["a/", "a/b/", "a/b/c"]);
    expect(fs.statSync(scratch.at("a")).mode & 0o7777).toBe(0o755);
  });

  it("keeps names that are not UTF-8, byte for byte", async () => {
    const name = fromBytes(new Uint8Array([0x66, 0xff, 0xfe]));
    const entry = makeEntry({ type: "file", path: `d/${name}` as ByteString, size: 1 });
    await scratch.unpack([[directory("d"), { entry, content: new Uint8Array([1]) }]]);
    const [got] = fs.readdirSync(scratch.at("d"), { encoding: "buffer" });
    expect([...got!]).toEqual([0x66, 0xff, 0xfe]);
  });

  it("counts what it wrote and reports what it compared", async () => {
    const { counts, bytes, proof } = await scratch.unpack([[directory("d"), file("d/a", "12345")]]);
    expect(counts).toEqual({ written: 2, changed: 0, kept: 0, removed: 0 });
    expect(bytes).toBe(5);
    expect(proof).toMatchObject({ compared: 3, contents: 1, contentBytes: 5 });
  });

  it("reads no content back if verification is turned off", async () => {
    const { proof } = await scratch.unpack([[file("a", "12345")]], { verify: false });
    expect(proof).toMatchObject({ compared: 2, contents: 0 });
  });
});

describe("unpacking the metadata", () => {
  it("sets a directory's time after everything in it is made", async () => {
    await scratch.unpack([
      [directory("d", { mtime: 1_000_000_000 }), directory("d/e", { mtime: 2_000 }), file("d/e/f")],
      [file("d/e/g")],
    ]);
    expect(fs.statSync(scratch.at("d")).mtimeMs).toBe(1_000_000_000_000);
    expect(fs.statSync(scratch.at("d/e")).mtimeMs).toBe(2_000_000);
  });

  it("fills directories that their owner may not enter", async () => {
    await scratch.unpack([
      [directory("d", { mode: 0 }), directory("d/e", { mode: 0o100 }), file("d/e/f", "x")],
    ]);
    expect(fs.statSync(scratch.at("d")).mode & 0o7777).toBe(0);
  });

  it("sets the modes of files, and setuid and similar bits only for the right owner", async () => {
    const uid = process.geteuid?.() ?? 0;
    const gid = process.getegid?.() ?? 0;
    await scratch.unpack([
      [
        file("own", "x", { mode: 0o4755, uid, gid }),
        file("foreign", "x", { mode: 0o4755, uid: 12_345 }),
        file("none", "x", { mode: 0 }),
      ],
    ]);
    expect(fs.statSync(scratch.at("own")).mode & 0o7777).toBe(0o4755);
    expect(fs.statSync(scratch.at("foreign")).mode & 0o7777).toBe(IS_ROOT ? 0o4755 : 0o755);
    expect(fs.statSync(scratch.at("none")).mode & 0o7777).toBe(0);
  });

  it("sets owners as root; otherwise it keeps them in the sidecar", async () => {
    const { proof, refusals } = await scratch.unpack([[file("a", "x", { uid: 1234, gid: 77 })]]);
    const { uid, gid } = fs.statSync(scratch.at("a"));
    expect([uid, gid]).toEqual(IS_ROOT ? [1234, 77] : [process.geteuid?.(), process.getegid?.()]);
    if (!IS_ROOT) expect(proof!.held.owner).toBeGreaterThan(0);
    if (!IS_ROOT) expect(refusals.owner).toBeDefined();
  });

  it("leaves owners alone if asked to", async () => {
    const { refusals } = await scratch.unpack([[file("a", "x", { uid: 1234 })]], {
      sameOwner: false,
    });
    expect(fs.statSync(scratch.at("a")).uid).toBe(process.geteuid?.());
    expect(refusals.owner).toBeDefined();
  });

  it("makes fifos, and devices if permitted", async () => {
    await scratch.unpack([
      [special("fifo", "f"), special("character", "null", { deviceMajor: 1, deviceMinor: 3 })],
    ]);
    expect(fs.lstatSync(scratch.at("f")).isFIFO()).toBe(true);
    const device = fs.lstatSync(scratch.at("null"));
    expect(device.isCharacterDevice() || device.size === 0).toBe(true);
  });

  it("sets the time of a symbolic link, not of its target", async () => {
    await scratch.unpack([[file("a", "x", { mtime: 5 }), symlink("l", "a", { mtime: 9 })]]);
    expect(fs.lstatSync(scratch.at("l")).mtimeMs).toBe(9000);
    expect(fs.statSync(scratch.at("a")).mtimeMs).toBe(5000);
  });
});
