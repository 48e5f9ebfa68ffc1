// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { b } from "../../../test/fixtures/layers.ts";
import { HELD, NODES, OWNED, TREE, unpackPoorly } from "../../../test/fixtures/poorly-unpacked.ts";
import { fromBytes, toBytes, type ByteString } from "../../bytes/byte-string.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { compareTrees, formatDifference } from "../../rootfs/compare/compare-trees.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import { formatRootlessOwner } from "../xattrs/rootless-owner.ts";
import type { XattrWriteCalls } from "../xattrs/xattr-calls.ts";
import { loadXattrCalls } from "../xattrs/xattr-calls.ts";
import { openUnpacked, type OpenUnpackedOptions, type UnpackedDirectory } from "./open-unpacked.ts";
import { sidecarOf, writeRecord } from "./unpack-record.ts";

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

let base: string;
let directory: string;
let view: UnpackedDirectory | undefined;

beforeEach(() => {
  base = fs.mkdtempSync(join(tmpdir(), "oci-kit-unpacked-"));
  directory = join(base, "root");
});
afterEach(() => {
  view?.close();
  view = undefined;
  fs.rmSync(base, { recursive: true, force: true });
});

const at = (path: string): string => join(directory, path);

/** Sets an attribute, and returns whether the disk accepted it. */
function setXattr(place: string, name: string, value: ByteString): boolean {
  try {
    (loadXattrCalls() as XattrWriteCalls).setAttributeSync(place, name, toBytes(value));
    return true;
  } catch {
    return false;
  }
}

function open(options?: OpenUnpackedOptions): UnpackedDirectory {
  view?.close();
  view = openUnpacked(directory, options);
  return view;
}

/** The differences from the image after `change` was made to the directory. */
function differencesAfter(change: () => void): string[] {
  change();
  return compareTrees(TREE, open()).differences.map(formatDifference);
}

/** Leaves out the times of directories, which change with their contents. */
const withoutTimes = (differences: readonly string[]): string[] =>
  differences.filter((difference) => !/^\/(etc)?: time: [^;]*$/.test(difference));

describe("an unpacked directory with its sidecar", () => {
  beforeEach(() => unpackPoorly(directory));

  it("shows the image, though the disk does not hold all of it", async () => {
    expect(differencesAfter(() => undefined)).toEqual([]);
    expect(view!.record?.state).toBe("complete");
    expect(view!.lstat(b("/tty"))).toMatchObject({ type: "character", deviceMajor: 5, size: 0 });
    expect(view!.lstat(b("/text"))).toMatchObject(OWNED);
    expect(view!.lstat(b("/etc/held"))?.extensions).toEqual(HELD.extensions);
    expect(fromBytes(await readAll(view!.read(b("/text")), 99, "text"))).toBe("text");
  });

  it("gives all names of one file the same node", () => {
    open();
    expect(view!.lstat(b("/shared"))).toBe(view!.lstat(b("/shared-1")));
    expect(view!.lstat(b("/shared"))?.mode).toBe(0o4755);
  });

  it("knows the contents that did not change, and reads them only when told to", () => {
    open();
    expect(view!.isUntouched(b("/text"))).toBe(true);
    expect(view!.lstat(b("/text"))?.contentDigest).toBe(NODES["/text"].contentDigest);
    const { mtime } = fs.lstatSync(at("text"));
    fs.writeFileSync(at("text"), "TEXT");
    fs.utimesSync(at("text"), mtime, mtime);
    expect(open().isUntouched(b("/text"))).toBe(false);
    expect(view!.isUntouched(b("/nothing"))).toBe(false);
    const { differences } = compareTrees(TREE, open({ readContents: true }));
    expect(differences).toMatchObject([{ path: "/text", fields: [{ field: "content" }] }]);
  });

  it("still shows the image after it was copied elsewhere together with its sidecar", () => {
    const copy = join(base, "copy");
    fs.cpSync(directory, copy, {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
    });
    fs.cpSync(sidecarOf(directory), sidecarOf(copy), { recursive: true });
    directory = copy;
    const fields = compareTrees(TREE, open()).differences.flatMap(
      (difference) => difference.fields,
    );
    // cpSync keeps no hard links and no exact times, nor (on Node 24) the modes of directories.
    const lost = ["names", "time", "mode"];
    expect(fields.filter(({ field }) => !lost.includes(field))).toEqual([]);
  });

  it.each<[string, () => void, readonly unknown[]]>([
    ["the mode", () => fs.chmodSync(at("text"), 0o600), ["/text: mode: expected 0644, got 0600"]],
    [
      "the time",
      () => fs.utimesSync(at("text"), 5, 5),
      [expect.stringMatching(/^\/text: time: .* got 5\.000000000$/)],
    ],
    [
      "the content",
      () => fs.writeFileSync(at("text"), "TEXT"),
      [expect.stringMatching(/^\/text: time: .*; content: /)],
    ],
    [
      "the target of a link",
      () => {
        fs.rmSync(at("etc/link"));
        fs.symlinkSync("x", at("etc/link"));
      },
      [expect.stringMatching(/^\/etc\/link: time: .*; link: expected held, got x$/)],
    ],
    [
      "a device, by writing to the file in its place",
      () => fs.writeFileSync(at("tty"), "x"),
      [
        expect.stringMatching(
          /^\/tty: type: expected character, got file; owner: expected 0:5, got 0:0/,
        ),
      ],
    ],
    [
      "the type",
      () => {
        fs.rmSync(at("text"));
        fs.mkdirSync(at("text"), { mode: 0o755 });
      },
      [
        expect.stringMatching(
          /^\/text: type: expected file, got directory; mode: .*; owner: expected 33:34, got 0:0/,
        ),
      ],
    ],
    [
      "by a new file, which belongs to root, as in a container",
      () => fs.writeFileSync(at("new"), ""),
      ["/new: unexpected"],
    ],
    ["by removing a file", () => fs.rmSync(at("text")), ["/text: missing"]],
    [
      "by replacing a hard link with a separate file",
      () => {
        fs.cpSync(at("shared"), at("x"));
        fs.renameSync(at("x"), at("shared-1"));
      },
      [
        expect.stringMatching(/^\/shared: names: /),
        expect.stringMatching(/^\/shared-1: .*names: /),
      ],
    ],
  ])("shows what is on the disk where the user changed %s", (_, change, expected) => {
    expect(withoutTimes(differencesAfter(change))).toEqual(expected);
  });

  it("assigns files that the user made to root, or to the owner in user.rootlesscontainers", () => {
    fs.writeFileSync(at("new"), "");
    fs.writeFileSync(at("mine"), "");
    const takesOwner = setXattr(
      at("mine"),
      "user.rootlesscontainers",
      formatRootlessOwner(1000, 0),
    );
    open();
    expect(view!.lstat(b("/new"))).toMatchObject({ uid: 0, gid: 0, userName: "" });
    if (!takesOwner) return;
    expect(view!.lstat(b("/mine"))).toMatchObject({ uid: 1000, gid: 0, xattrs: new Map() });
    fs.rmSync(sidecarOf(directory), { recursive: true });
    expect(open().lstat(b("/mine"))).toMatchObject({ uid: 1000, gid: 0, xattrs: new Map() });
    expect(view!.lstat(b("/new"))).toMatchObject(me);
  });

  it("recognises a renamed file, if the disk records the time of birth", () => {
    const { birthtimeNs } = fs.lstatSync(at("text"), { bigint: true });
    fs.renameSync(at("text"), at("other"));
    const { uid, isUntouched } = open().lstat(b("/other")) as Node & { isUntouched: boolean };
    expect(uid).toBe(birthtimeNs === 0n ? 0 : 33);
    // Renaming changes the time of change, so the content is read again.
    expect(isUntouched).toBe(false);
  });

  it("is a plain directory when there is no sidecar", () => {
    fs.rmSync(sidecarOf(directory), { recursive: true });
    expect(open().record).toBeUndefined();
    expect(view!.lstat(b("/tty"))).toMatchObject({ type: "file", ...me });
    expect(view!.isUntouched(b("/text"))).toBe(false);
  });

  it("translates owner numbers back through the maps that it was unpacked with", () => {
    const ids = {
      uidMap: [{ image: 7, disk: me.uid, size: 1 }],
      gidMap: [{ image: 8, disk: me.gid, size: 1 }],
    };
    fs.writeFileSync(at("new"), "");
    writeRecord(sidecarOf(directory), {
      ...open().record!,
      ...ids,
      sameOwner: true,
      refusals: undefined,
    });
    expect(open().lstat(b("/new"))).toMatchObject({ uid: 7, gid: 8 });
  });
});
