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
  type Piece,
} from "../../../test/fixtures/layers.ts";
import { IS_ROOT, makeScratch, type Scratch } from "../../../test/fixtures/unpacking.ts";
import { fromText } from "../../bytes/byte-string.ts";
import { removeTree } from "../../files/remove-tree.ts";
import { unpack } from "./unpack.ts";

let scratch: Scratch;

beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch.remove());

const inodeOf = (path: string): number => fs.lstatSync(scratch.at(path)).ino;

const FIRST: readonly Piece[] = [
  directory("etc", { mtime: 1000 }),
  file("etc/same", "same", { mtimeNanoseconds: 123_456_789 }),
  file("etc/new-content", "old"),
  file("etc/new-mode", "x", { mode: 0o644 }),
  file("etc/gone", "x"),
  directory("usr"),
  directory("usr/lib"),
  file("usr/lib/a", "a"),
  symlink("link", "etc"),
];

describe("unpacking onto an earlier unpack", () => {
  it("writes nothing if nothing differs", async () => {
    await scratch.unpack([FIRST]);
    const before = scratch
      .list()
      .map((path) => path.split(" ")[0]!)
      .map(inodeOf);
    const changed = fs.statSync(scratch.directory, { bigint: true }).ctimeNs;
    const { counts, bytes } = await scratch.unpack([FIRST]);
    expect(counts).toEqual({ written: 0, changed: 0, kept: 10, removed: 0 });
    expect(bytes).toBe(0);
    expect(
      scratch
        .list()
        .map((path) => path.split(" ")[0]!)
        .map(inodeOf),
    ).toEqual(before);
    expect(fs.statSync(scratch.directory, { bigint: true }).ctimeNs).toBe(changed);
  });

  it("writes only what differs between two images", async () => {
    await scratch.unpack([FIRST]);
    const kept = ["etc/same", "etc/new-mode", "usr/lib/a", "link", "etc"].map(inodeOf);
    const { counts } = await scratch.unpack([
      [
        directory("etc", { mtime: 1000 }),
        file("etc/same", "same", { mtimeNanoseconds: 123_456_789 }),
        file("etc/new-content", "new"),
        file("etc/new-mode", "x", { mode: 0o600 }),
        file("etc/added", "x"),
        directory("usr"),
        directory("usr/lib"),
        file("usr/lib/a", "a"),
        symlink("link", "etc"),
      ],
    ]);
    expect(counts).toEqual({ written: 1, changed: 2, kept: 7, removed: 1 });
    expect(["etc/same", "etc/new-mode", "usr/lib/a", "link", "etc"].map(inodeOf)).toEqual(kept);
    expect(scratch.read("etc/new-content")).toBe("new");
    expect(fs.statSync(scratch.at("etc/new-mode")).mode & 0o7777).toBe(0o600);
    expect(fs.existsSync(scratch.at("etc/gone"))).toBe(false);
    expect(fs.statSync(scratch.at("etc")).mtimeMs).toBe(1_000_000);
  });

  it("restores what was changed by hand since", async () => {
    await scratch.unpack([FIRST]);
    fs.writeFileSync(scratch.at("etc/same"), "changed");
    fs.chmodSync(scratch.at("usr"), 0o700);
    fs.rmSync(scratch.at("link"));
    fs.writeFileSync(scratch.at("stranger"), "");
    const { counts } = await scratch.unpack([FIRST]);
    expect(counts.removed).toBe(1);
    expect(scratch.read("etc/same")).toBe("same");
    expect(fs.statSync(scratch.at("usr")).mode & 0o7777).toBe(0o755);
    expect(fs.readlinkSync(scratch.at("link"))).toBe("etc");
  });

  it("replaces anything by anything", async () => {
    const kinds = (path: string): Piece[] => [
      file(path, "content"),
      directory(path),
      symlink(path, "elsewhere"),
      special("fifo", path),
    ];
    for (const [at, one] of kinds("x").entries()) {
      for (const [next, other] of kinds("x").entries()) {
        const below = one.entry.type === "directory" ? [file("x/below", "b")] : [];
        await scratch.unpack([[one, ...below]]);
        await scratch.unpack([[other]]);
        expect(scratch.list(), `${at} to ${next}`).toHaveLength(1);
      }
    }
  });

  it("makes a file anew if it gains or loses a name", async () => {
    await scratch.unpack([[file("a", "x"), file("b", "x")]]);
    await scratch.unpack([[file("a", "x"), hardlink("b", "a")]]);
    expect(inodeOf("a")).toBe(inodeOf("b"));
    await scratch.unpack([[file("a", "x"), hardlink("b", "a"), hardlink("c", "a")]]);
    expect(fs.statSync(scratch.at("c")).nlink).toBe(3);
    await scratch.unpack([[file("a", "x"), file("b", "x")]]);
    expect(inodeOf("a")).not.toBe(inodeOf("b"));
    expect(fs.statSync(scratch.at("a")).nlink).toBe(1);
  });

  it("never writes into a file that has a name elsewhere", async () => {
    await scratch.unpack([[file("a", "first")]]);
    fs.linkSync(scratch.at("a"), `${scratch.top}/outside`);
    await scratch.unpack([[file("a", "other")]]);
    expect(fs.readFileSync(`${scratch.top}/outside`, "utf8")).toBe("first");
  });

  it("never follows a link that was put into the directory", async () => {
    await scratch.unpack([[directory("d"), file("d/a", "x"), directory("e"), file("e/b", "x")]]);
    const outside = `${scratch.top}/outside`;
    fs.mkdirSync(outside);
    fs.writeFileSync(`${outside}/a`, "precious", { mode: 0o600 });
    fs.writeFileSync(`${outside}/kept`, "precious");
    fs.rmSync(scratch.at("d"), { recursive: true });
    fs.symlinkSync(outside, scratch.at("d"));
    await scratch.unpack([[directory("d"), file("d/a", "new", { mode: 0o666 })]]);
    expect(fs.readdirSync(outside).sort()).toEqual(["a", "kept"]);
    expect(fs.readFileSync(`${outside}/a`, "utf8")).toBe("precious");
    expect(fs.statSync(`${outside}/a`).mode & 0o7777).toBe(0o600);
    expect(scratch.read("d/a")).toBe("new");
  });

  it("removes and changes content of directories that their owner may not enter", async () => {
    const closed = (content: string): Piece[] => [
      directory("d", { mode: 0 }),
      directory("d/e", { mode: 0o500 }),
      file("d/e/f", content, { mode: 0 }),
      directory("gone", { mode: 0 }),
      directory("gone/in", { mode: 0o400 }),
      file("gone/in/x"),
    ];
    await scratch.unpack([closed("one")]);
    const { counts } = await scratch.unpack([closed("two").slice(0, 3)]);
    expect(counts).toEqual({ written: 0, changed: 1, kept: 3, removed: 3 });
    expect(fs.statSync(scratch.at("d")).mode & 0o7777).toBe(0);
  });

  it("does not trust a record that was made with other options for owners", async () => {
    await scratch.unpack([[file("a", "x", { uid: 1234 })]], { sameOwner: false });
    const { counts } = await scratch.unpack([[file("a", "x", { uid: 1234 })]]);
    expect(fs.statSync(scratch.at("a")).uid).toBe(IS_ROOT ? 1234 : process.geteuid?.());
    expect(counts.changed).toBe(IS_ROOT ? 1 : 0);
  });

  it("uses nothing of a damaged sidecar", async () => {
    await scratch.unpack([FIRST]);
    fs.appendFileSync(`${scratch.sidecar}/tree.mtree`, "damage");
    fs.writeFileSync(scratch.at("etc/same"), "SAME");
    await scratch.unpack([FIRST]);
    expect(scratch.read("etc/same")).toBe("same");
  });

  it("finds a file that differs only in its content if no record can be trusted", async () => {
    await scratch.unpack([[file("a", "one")]]);
    const { mtimeMs } = fs.statSync(scratch.at("a"));
    fs.writeFileSync(scratch.at("a"), "two");
    fs.utimesSync(scratch.at("a"), mtimeMs / 1000, mtimeMs / 1000);
    fs.appendFileSync(`${scratch.sidecar}/tree.mtree`, "damage");
    await scratch.unpack([[file("a", "one")]]);
    expect(scratch.read("a")).toBe("one");
  });

  it("does not read layers that are not needed", async () => {
    const image = await makeImage([[file("a", "a")], [file("b", "b")]]);
    const cache = memoryCache();
    await unpack(image, scratch.directory, { cache });
    await removeTree(scratch.at("b"));
    const read: string[] = [];
    const store: typeof image.store = {
      ...image.store,
      fetch(descriptor, options) {
        read.push(descriptor.digest);
        return image.store.fetch(descriptor, options);
      },
    };
    await unpack({ ...image, store }, scratch.directory, { cache });
    expect(read).toEqual([image.manifest.value.layers[1]!.digest]);
  });
});

describe("a dry run of unpacking", () => {
  it("reports what would be written and touches nothing", async () => {
    const image = await makeImage([[directory("d"), file("d/a", "12345")]]);
    const result = await unpack(image, scratch.directory, { dryRun: true });
    expect(result.plan).toEqual({
      written: ["/d", "/d/a"].map(fromText),
      changed: [],
      removed: [],
    });
    expect(result).toMatchObject({ dryRun: true, bytes: 5, proof: undefined });
    expect(fs.readdirSync(scratch.top)).toEqual([]);
  });

  it("reports what would be changed and removed", async () => {
    await scratch.unpack([FIRST]);
    const before = fs.statSync(scratch.sidecar, { bigint: true }).mtimeNs;
    const { plan, counts } = await scratch.unpack([[file("etc/same", "other"), file("new")]], {
      dryRun: true,
    });
    expect(plan).toEqual({
      written: ["/new"].map(fromText),
      changed: ["/etc", "/etc/same"].map(fromText),
      removed: [
        "/etc/gone",
        "/etc/new-content",
        "/etc/new-mode",
        "/link",
        "/usr",
        "/usr/lib",
        "/usr/lib/a",
      ].map(fromText),
    });
    expect(counts).toMatchObject({ written: 1, changed: 2, removed: 7 });
    expect(scratch.read("etc/same")).toBe("same");
    expect(fs.statSync(scratch.sidecar, { bigint: true }).mtimeNs).toBe(before);
  });
});

function memoryCache(): NonNullable<Parameters<typeof unpack>[2]>["cache"] {
  const kept = new Map<string, Uint8Array>();
  return {
    read: (diffId) => Promise.resolve(kept.get(diffId)),
    write: (diffId, bytes) => Promise.resolve(void kept.set(diffId, bytes)),
  };
}
