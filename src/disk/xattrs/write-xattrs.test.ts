// SPDX-License-Identifier: MIT
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromBytes, fromText, type ByteString } from "../../bytes/byte-string.ts";
import { makeNode } from "../../../test/fixtures/nodes.ts";
import { createPlacement, type Placement, type PlacementOptions } from "../inode-maker.ts";
import { applyMetadata } from "../inode/apply-metadata.ts";
import { formatRootlessOwner, ROOTLESS_OWNER } from "./rootless-owner.ts";
import { ACCESS_ACL, type XattrWriteCalls } from "./write-xattrs.ts";
import { createXattrBatch } from "./xattr-batch.ts";

const UID = process.geteuid?.() ?? 0;
const GID = process.getegid?.() ?? 0;
const MINE = { uid: UID, gid: GID };
const BINARY = fromBytes(Buffer.from([0, 1, 0xff, 0x0a, 0x5c, 0x3d, 0x22]));
const EMPTY = "" as ByteString;
const HAS_COMMANDS = ["getfattr", "setfattr"].every(
  (command) => spawnSync(command, ["--version"]).error === undefined,
);

let base: string;
let file: string;
let directoryFd: number;

beforeEach(() => {
  base = fs.mkdtempSync(join(tmpdir(), "xattrs-"));
  directoryFd = fs.openSync(base, fs.constants.O_RDONLY);
  file = placeOf("file");
  fs.writeFileSync(file, "x", { mode: 0o600 });
});

afterEach(() => {
  fs.closeSync(directoryFd);
  fs.rmSync(base, { recursive: true, force: true });
});

/** As unpacking names it: the addon, and another process, have to understand it. */
function placeOf(name: string): string {
  return process.platform === "linux" ? `/proc/self/fd/${directoryFd}/${name}` : join(base, name);
}

type Attributes = Record<string, ByteString>;

/** What the disk has, by another way than the one that set it where there is one. */
function attributesOf(name: string): Attributes {
  const found: Attributes = {};
  if (HAS_COMMANDS) {
    const args = ["-h", "-d", "-m", "-", "-e", "hex", "--absolute-names", join(base, name)];
    for (const line of execFileSync("getfattr", args, { encoding: "latin1" }).split("\n")) {
      const [, attribute, hex] = /^([^#=]+)=0x(.*)$/.exec(line) ?? [];
      if (attribute !== undefined) found[attribute] = fromBytes(Buffer.from(hex!, "hex"));
    }
  } else {
    const calls = createPlacement().loadXattrs();
    for (const attribute of calls?.listAttributesSync(join(base, name)) ?? []) {
      found[attribute] = fromBytes(calls!.getAttributeSync(join(base, name), attribute)!);
    }
  }
  delete found["security.selinux"];
  return found;
}

/** What is wanted and was not refused: a disk, a container or a user may be denied any of them. */
function taken(wanted: Attributes, { refusals }: Placement): Attributes {
  return Object.fromEntries(
    Object.entries(wanted).filter(([name]) => !refusals.xattrs.has(fromText(name))),
  );
}

const WAYS: readonly (readonly [string, PlacementOptions])[] = [
  ["by the package, where it can be used", {}],
  ["by commands, where there are any", { loadXattrs: () => undefined }],
];

describe.each(WAYS)("extended attributes set %s", (_, options) => {
  it("are those of the node, and what is refused has a reason", () => {
    const wanted = { "user.a": BINARY, "user.empty": EMPTY, "trusted.t": BINARY, "nope.x": BINARY };
    const placement = createPlacement(options);
    const node = makeNode({ ...MINE, mode: 0o400, mtime: 5, xattrs: wanted });
    applyMetadata({ path: file }, node, placement);
    expect(attributesOf("file")).toEqual(taken(wanted, placement));
    expect(placement.refusals.xattrs.get("nope.x" as ByteString)).toMatch(/support|install/);
    for (const reason of placement.refusals.xattrs.values())
      expect(reason).toMatch(/^[A-Za-z].{4}/);
    const { mode, mtimeMs } = fs.lstatSync(file);
    expect([mode & 0o7777, mtimeMs]).toEqual([0o400, 5000]);
  });

  it("are those of a link and a directory themselves", () => {
    fs.mkdirSync(placeOf("d"));
    fs.symlinkSync("file", placeOf("link"));
    const placement = createPlacement(options);
    const wanted = { "user.d": BINARY };
    applyMetadata(
      { path: placeOf("d") },
      makeNode({ ...MINE, type: "directory", xattrs: wanted }),
      placement,
    );
    expect(attributesOf("d")).toEqual(taken(wanted, placement));
    const ofLink = { "trusted.l": BINARY };
    const link = makeNode({ ...MINE, type: "symlink", xattrs: ofLink });
    applyMetadata({ path: placeOf("link") }, link, placement);
    expect(attributesOf("link")).toEqual(taken(ofLink, placement));
    expect(attributesOf("file")).toEqual({});
  });

  it("of an inode that was there before are no others, though its mode forbids everything", () => {
    const placement = createPlacement(options);
    const before = { "user.a": BINARY, "user.old": BINARY };
    applyMetadata({ path: file }, makeNode({ ...MINE, mode: 0, xattrs: before }), placement);
    const after = { "user.a": EMPTY, "user.new": BINARY };
    const node = makeNode({ ...MINE, mode: 0, xattrs: after });
    applyMetadata({ path: file, existed: true }, node, placement);
    expect(fs.lstatSync(file).mode & 0o7777).toBe(0);
    fs.chmodSync(file, 0o600);
    expect(attributesOf("file")).toEqual(taken(after, placement));
    applyMetadata({ path: file, existed: true }, makeNode(MINE), placement);
    expect(attributesOf("file")).toEqual({});
  });

  it("come after the owner, so that a capability is still there", () => {
    const capability = fromBytes(new Uint8Array([1, 0, 0, 2, 0, 4, ...new Uint8Array(14)]));
    const wanted = { "security.capability": capability };
    const placement = createPlacement(options);
    applyMetadata(
      { path: file },
      makeNode({ uid: 5, gid: 5, mode: 0o755, xattrs: wanted }),
      placement,
    );
    expect(attributesOf("file")).toEqual(taken(wanted, placement));
  });

  it("that are a list of access rights are kept where they go with the mode", () => {
    const wanted = { [ACCESS_ACL]: accessList(6, 4, 0o6) };
    const placement = createPlacement(options);
    applyMetadata({ path: file }, makeNode({ ...MINE, mode: 0o660, xattrs: wanted }), placement);
    expect(attributesOf("file")).toEqual(taken(wanted, placement));
    expect(fs.lstatSync(file).mode & 0o7777).toBe(0o660);
  });

  it.each([
    ["another mask", accessList(6, 4, 0o4), 0o660],
    ["nothing but the mode", fromBytes(accessEntries([1, 6], [4, 4], [0x20, 0])), 0o640],
  ])(
    "that are a list of access rights with %s give way to the mode, and that is said",
    (__, list, mode) => {
      const placement = createPlacement(options);
      const node = makeNode({ ...MINE, mode, xattrs: { [ACCESS_ACL]: list } });
      applyMetadata({ path: file }, node, placement);
      expect(fs.lstatSync(file).mode & 0o7777).toBe(mode);
      expect(placement.refusals.xattrs.has(ACCESS_ACL)).toBe(true);
      expect(attributesOf("file")[ACCESS_ACL]).not.toBe(list);
    },
  );

  it.runIf(process.platform === "linux")("are set though the file's name is no text", () => {
    const name = Buffer.concat([Buffer.from(placeOf("")), Buffer.from([0x63, 0xe9])]);
    fs.writeFileSync(name, "");
    const wanted = { "user.a": BINARY };
    const placement = createPlacement(options);
    applyMetadata({ path: name, existed: true }, makeNode({ ...MINE, xattrs: wanted }), placement);
    fs.renameSync(name, placeOf("renamed"));
    expect(attributesOf("renamed")).toEqual(taken(wanted, placement));
    expect(fs.readdirSync(base).sort()).toEqual(["file", "renamed"]);
  });

  it("whose own name is no text are set, or refused with the reason", () => {
    const name = fromBytes(Buffer.from("user.\u00e9=\n\\", "latin1"));
    const node = { ...makeNode(MINE), xattrs: new Map([[name, BINARY]]) };
    const placement = createPlacement(options);
    applyMetadata({ path: file }, node, placement);
    const isRefused = placement.refusals.xattrs.has(name);
    expect(Object.values(attributesOf("file"))).toEqual(isRefused ? [] : [BINARY]);
    applyMetadata({ path: file, existed: true }, makeNode(MINE), placement);
    if (!isRefused && !placement.refusals.xattrs.has(name))
      expect(attributesOf("file")).toEqual({});
  });
});

/** The bytes of a list of access rights: tag and permissions each; ids where the tag is one of a user. */
function accessEntries(
  ...entries: readonly (readonly [tag: number, permissions: number])[]
): Uint8Array {
  const bytes = Buffer.alloc(4 + 8 * entries.length);
  bytes.writeUInt32LE(2);
  for (const [at, [tag, permissions]] of entries.entries()) {
    bytes.writeUInt16LE(tag, 4 + 8 * at);
    bytes.writeUInt16LE(permissions, 6 + 8 * at);
    bytes.writeUInt32LE(tag === 2 ? 4242 : 0xffff_ffff, 8 + 8 * at);
  }
  return bytes;
}

function accessList(owner: number, user: number, mask: number): ByteString {
  return fromBytes(accessEntries([1, owner], [2, user], [4, 4], [0x10, mask], [0x20, 0]));
}

function countDescriptors(): number {
  return process.platform === "linux" ? fs.readdirSync("/proc/self/fd").length : 0;
}

describe("a batch of extended attributes", () => {
  it("waits for its end where that takes another process, and sets the modes then", () => {
    const placement = createPlacement({ loadXattrs: () => undefined });
    const batch = createXattrBatch(placement);
    const wanted = { "user.a": BINARY };
    const before = countDescriptors();
    const names = Array.from({ length: 450 }, (_, at) => `${at}`);
    for (const name of names) {
      if (Number(name) % 2 === 0) fs.writeFileSync(placeOf(name), "", { mode: 0o600 });
      else fs.mkdirSync(placeOf(name), 0o700);
      const type = Number(name) % 2 === 0 ? "file" : "directory";
      const node = makeNode({ ...MINE, type, mode: 0o440, mtime: 77, xattrs: wanted });
      applyMetadata({ path: placeOf(name) }, node, placement, batch);
    }
    expect(attributesOf("448")).toEqual({});
    batch.finish();
    batch.finish();
    for (const name of ["0", "1", "398", "399", "400", "448", "449"]) {
      expect(attributesOf(name)).toEqual(taken(wanted, placement));
      const { mode, mtimeMs } = fs.lstatSync(placeOf(name));
      expect([mode & 0o7777, mtimeMs]).toEqual([0o440, 77_000]);
    }
    expect(countDescriptors()).toBe(before);
  });

  it("follows a directory that is moved before its end", () => {
    const placement = createPlacement({ loadXattrs: () => undefined });
    const batch = createXattrBatch(placement);
    fs.mkdirSync(placeOf("d"), 0o700);
    const node = makeNode({
      ...MINE,
      type: "directory",
      mode: 0o750,
      xattrs: { "user.d": BINARY },
    });
    applyMetadata({ path: placeOf("d"), existed: true }, node, placement, batch);
    fs.renameSync(placeOf("d"), placeOf("moved"));
    fs.mkdirSync(placeOf("d"), 0o700);
    batch.finish();
    expect(attributesOf("moved")).toEqual(taken({ "user.d": BINARY }, placement));
    expect(fs.lstatSync(placeOf("moved")).mode & 0o7777).toBe(0o750);
    expect(attributesOf("d")).toEqual({});
  });
});

describe("extended attributes", () => {
  it("are refused with what to install where there is neither the package nor the commands", () => {
    const placement = createPlacement({ loadXattrs: () => undefined });
    const path = process.env["PATH"];
    process.env["PATH"] = join(base, "no");
    try {
      applyMetadata({ path: file }, makeNode({ ...MINE, xattrs: { "user.a": EMPTY } }), placement);
    } finally {
      process.env["PATH"] = path;
    }
    expect([...placement.refusals.xattrs]).toEqual([
      ["user.a", "install the package @napi-rs/xattr, or the commands setfattr and getfattr"],
    ]);
    expect(fs.lstatSync(file).mode & 0o7777).toBe(0o644);
  });

  it("that a disk refuses, for whatever reason, are no failure", () => {
    const messages = [95, 1, 13, 28, 7, 61, 5].map((number) => `No (os error ${number})`);
    const wanted = Object.fromEntries(messages.map((_, at) => [`user.${at}`, BINARY] as const));
    const placement = createPlacement({ loadXattrs: () => failing(() => messages.shift()!) });
    applyMetadata({ path: file }, makeNode({ ...MINE, xattrs: wanted }), placement);
    expect([...placement.refusals.xattrs]).toEqual(Object.keys(wanted).map((name) => [name, "No"]));
  });

  it("that belong to the place are left alone", () => {
    const has = ["security.selinux", "system.nfs4_acl", "user.old"];
    const removed: string[] = [];
    const calls: XattrWriteCalls = {
      ...failing(() => "No"),
      listAttributesSync: () => has,
      removeAttributeSync: (_, name) => removed.push(name),
    };
    const placement = createPlacement({ loadXattrs: () => calls });
    applyMetadata({ path: file, existed: true }, makeNode(MINE), placement);
    expect(removed).toEqual(["user.old"]);
  });

  it("of an inode on a disk that has none are none", () => {
    const placement = createPlacement({
      loadXattrs: () => failing(() => "Not supported (os error 95)"),
    });
    applyMetadata({ path: file, existed: true }, makeNode({ ...MINE, mode: 0o640 }), placement);
    expect(placement.refusals.xattrs.size).toBe(0);
    expect(fs.lstatSync(file).mode & 0o7777).toBe(0o640);
  });

  it("keep an owner where that is asked for, but on links and of root", () => {
    const placement = createPlacement({ rootlessXattr: true });
    fs.symlinkSync("file", placeOf("link"));
    fs.writeFileSync(placeOf("device"), "");
    fs.writeFileSync(placeOf("root"), "");
    const owner = { uid: 7, gid: 0 };
    const value = { [ROOTLESS_OWNER]: formatRootlessOwner(7, 0) };
    applyMetadata({ path: file }, makeNode(owner), placement);
    applyMetadata({ path: placeOf("link") }, makeNode({ ...owner, type: "symlink" }), placement);
    applyMetadata({ path: placeOf("device") }, makeNode({ ...owner, type: "block" }), placement);
    applyMetadata({ path: placeOf("root") }, makeNode(), placement);
    for (const name of ["file", "device"])
      expect(attributesOf(name)).toEqual(taken(value, placement));
    for (const name of ["link", "root"]) expect(attributesOf(name)).toEqual({});
    expect(fs.lstatSync(file).uid).toBe(UID);
  });
});

function failing(message: () => string): XattrWriteCalls {
  const fail = (): never => {
    throw new Error(message());
  };
  return {
    listAttributesSync: fail,
    getAttributeSync: fail,
    setAttributeSync: fail,
    removeAttributeSync: fail,
  };
}
