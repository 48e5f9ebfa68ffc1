// SPDX-License-Identifier: MIT
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromBytes, fromText, type ByteString } from "../../bytes/byte-string.ts";
import { makeNode } from "../../../test/fixtures/nodes.ts";
import {
  createMetadataPolicy,
  type MetadataPolicy,
  type MetadataPolicyOptions,
} from "../metadata-policy.ts";
import { applyMetadata } from "../inode/apply-metadata.ts";
import { formatRootlessOwner, ROOTLESS_OWNER } from "./rootless-owner.ts";
import { ACCESS_ACL } from "./write-xattrs.ts";
import type { XattrWriteCalls } from "./xattr-calls.ts";
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
  file = pathOf("file");
  fs.writeFileSync(file, "x", { mode: 0o600 });
});

afterEach(() => {
  fs.closeSync(directoryFd);
  fs.rmSync(base, { recursive: true, force: true });
});

/** A path as unpacking forms it, which both the addon and another process have to understand. */
function pathOf(name: string): string {
  return process.platform === "linux" ? `/proc/self/fd/${directoryFd}/${name}` : join(base, name);
}

type Attributes = Record<string, ByteString>;

/** The attributes on the disk, read if possible in another way than they were set. */
function attributesOf(name: string): Attributes {
  const found: Attributes = {};
  if (HAS_COMMANDS) {
    const args = ["-h", "-d", "-m", "-", "-e", "hex", "--absolute-names", join(base, name)];
    for (const line of execFileSync("getfattr", args, { encoding: "latin1" }).split("\n")) {
      const [, attribute, hex] = /^([^#=]+)=0x(.*)$/.exec(line) ?? [];
      if (attribute !== undefined) found[attribute] = fromBytes(Buffer.from(hex!, "hex"));
    }
  } else {
    const calls = createMetadataPolicy().loadXattrs();
    for (const attribute of calls?.listAttributesSync(join(base, name)) ?? []) {
      found[attribute] = fromBytes(calls!.getAttributeSync(join(base, name), attribute)!);
    }
  }
  delete found["security.selinux"];
  return found;
}

/** The wanted attributes without those refused: a disk, a container or a user may deny any of them. */
function taken(wanted: Attributes, { refusals }: MetadataPolicy): Attributes {
  return Object.fromEntries(
    Object.entries(wanted).filter(([name]) => !refusals.xattrs.has(fromText(name))),
  );
}

const WAYS: readonly (readonly [string, MetadataPolicyOptions])[] = [
  ["by the package, where it can be used", {}],
  ["by commands, where they are installed", { loadXattrs: () => undefined }],
];

describe.each(WAYS)("extended attributes set %s", (_, options) => {
  it("are those of the node, and each refused one has a reason", () => {
    const wanted = { "user.a": BINARY, "user.empty": EMPTY, "trusted.t": BINARY, "nope.x": BINARY };
    const policy = createMetadataPolicy(options);
    const node = makeNode({ ...MINE, mode: 0o400, mtime: 5, xattrs: wanted });
    applyMetadata({ path: file }, node, policy);
    expect(attributesOf("file")).toEqual(taken(wanted, policy));
    expect(policy.refusals.xattrs.get("nope.x" as ByteString)).toMatch(/support|install/);
    for (const reason of policy.refusals.xattrs.values()) expect(reason).toMatch(/^[A-Za-z].{4}/);
    const { mode, mtimeMs } = fs.lstatSync(file);
    expect([mode & 0o7777, mtimeMs]).toEqual([0o400, 5000]);
  });

  it("are set on a link or directory itself", () => {
    fs.mkdirSync(pathOf("d"));
    fs.symlinkSync("file", pathOf("link"));
    const policy = createMetadataPolicy(options);
    const wanted = { "user.d": BINARY };
    applyMetadata(
      { path: pathOf("d") },
      makeNode({ ...MINE, type: "directory", xattrs: wanted }),
      policy,
    );
    expect(attributesOf("d")).toEqual(taken(wanted, policy));
    const ofLink = { "trusted.l": BINARY };
    const link = makeNode({ ...MINE, type: "symlink", xattrs: ofLink });
    applyMetadata({ path: pathOf("link") }, link, policy);
    expect(attributesOf("link")).toEqual(taken(ofLink, policy));
    expect(attributesOf("file")).toEqual({});
  });

  it("replace all others of an inode that was there before, even if its mode permits nothing", () => {
    const policy = createMetadataPolicy(options);
    const before = { "user.a": BINARY, "user.old": BINARY };
    applyMetadata({ path: file }, makeNode({ ...MINE, mode: 0, xattrs: before }), policy);
    const after = { "user.a": EMPTY, "user.new": BINARY };
    const node = makeNode({ ...MINE, mode: 0, xattrs: after });
    applyMetadata({ path: file, existed: true }, node, policy);
    expect(fs.lstatSync(file).mode & 0o7777).toBe(0);
    fs.chmodSync(file, 0o600);
    expect(attributesOf("file")).toEqual(taken(after, policy));
    applyMetadata({ path: file, existed: true }, makeNode(MINE), policy);
    expect(attributesOf("file")).toEqual({});
  });

  it("are set after the owner, so that a capability is not lost", () => {
    const capability = fromBytes(new Uint8Array([1, 0, 0, 2, 0, 4, ...new Uint8Array(14)]));
    const wanted = { "security.capability": capability };
    const policy = createMetadataPolicy(options);
    applyMetadata(
      { path: file },
      makeNode({ uid: 5, gid: 5, mode: 0o755, xattrs: wanted }),
      policy,
    );
    expect(attributesOf("file")).toEqual(taken(wanted, policy));
  });

  it("may include an access control list that agrees with the mode", () => {
    const wanted = { [ACCESS_ACL]: accessList(6, 4, 0o6) };
    const policy = createMetadataPolicy(options);
    applyMetadata({ path: file }, makeNode({ ...MINE, mode: 0o660, xattrs: wanted }), policy);
    expect(attributesOf("file")).toEqual(taken(wanted, policy));
    expect(fs.lstatSync(file).mode & 0o7777).toBe(0o660);
  });

  it.each([
    ["another mask", accessList(6, 4, 0o4), 0o660],
    ["only the mode's entries", fromBytes(accessEntries([1, 6], [4, 4], [0x20, 0])), 0o640],
  ])(
    "that are an access control list with %s are overridden by the mode, and a refusal is recorded",
    (__, list, mode) => {
      const policy = createMetadataPolicy(options);
      const node = makeNode({ ...MINE, mode, xattrs: { [ACCESS_ACL]: list } });
      applyMetadata({ path: file }, node, policy);
      expect(fs.lstatSync(file).mode & 0o7777).toBe(mode);
      expect(policy.refusals.xattrs.has(ACCESS_ACL)).toBe(true);
      expect(attributesOf("file")[ACCESS_ACL]).not.toBe(list);
    },
  );

  it.runIf(process.platform === "linux")("can be set when the file's name is not UTF-8", () => {
    const name = Buffer.concat([Buffer.from(pathOf("")), Buffer.from([0x63, 0xe9])]);
    fs.writeFileSync(name, "");
    const wanted = { "user.a": BINARY };
    const policy = createMetadataPolicy(options);
    applyMetadata({ path: name, existed: true }, makeNode({ ...MINE, xattrs: wanted }), policy);
    fs.renameSync(name, pathOf("renamed"));
    expect(attributesOf("renamed")).toEqual(taken(wanted, policy));
    expect(fs.readdirSync(base).sort()).toEqual(["file", "renamed"]);
  });

  it("whose own name is not UTF-8 are set, or refused with the reason", () => {
    const name = fromBytes(Buffer.from("user.\u00e9=\n\\", "latin1"));
    const node = { ...makeNode(MINE), xattrs: new Map([[name, BINARY]]) };
    const policy = createMetadataPolicy(options);
    applyMetadata({ path: file }, node, policy);
    const isRefused = policy.refusals.xattrs.has(name);
    expect(Object.values(attributesOf("file"))).toEqual(isRefused ? [] : [BINARY]);
    applyMetadata({ path: file, existed: true }, makeNode(MINE), policy);
    if (!isRefused && !policy.refusals.xattrs.has(name)) expect(attributesOf("file")).toEqual({});
  });
});

/** The bytes of an access control list: a tag and permissions for each entry, and an id where the tag is one of a user. */
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
  it("waits for `finish` where another process is needed, and then sets the modes", () => {
    const policy = createMetadataPolicy({ loadXattrs: () => undefined });
    const batch = createXattrBatch(policy);
    const wanted = { "user.a": BINARY };
    const before = countDescriptors();
    const names = Array.from({ length: 450 }, (_, at) => `${at}`);
    for (const name of names) {
      if (Number(name) % 2 === 0) fs.writeFileSync(pathOf(name), "", { mode: 0o600 });
      else fs.mkdirSync(pathOf(name), 0o700);
      const type = Number(name) % 2 === 0 ? "file" : "directory";
      const node = makeNode({ ...MINE, type, mode: 0o440, mtime: 77, xattrs: wanted });
      applyMetadata({ path: pathOf(name) }, node, policy, batch);
    }
    expect(attributesOf("448")).toEqual({});
    batch.finish();
    batch.finish();
    for (const name of ["0", "1", "398", "399", "400", "448", "449"]) {
      expect(attributesOf(name)).toEqual(taken(wanted, policy));
      const { mode, mtimeMs } = fs.lstatSync(pathOf(name));
      expect([mode & 0o7777, mtimeMs]).toEqual([0o440, 77_000]);
    }
    expect(countDescriptors()).toBe(before);
  });

  it("follows a directory that is moved before `finish`", () => {
    const policy = createMetadataPolicy({ loadXattrs: () => undefined });
    const batch = createXattrBatch(policy);
    fs.mkdirSync(pathOf("d"), 0o700);
    const node = makeNode({
      ...MINE,
      type: "directory",
      mode: 0o750,
      xattrs: { "user.d": BINARY },
    });
    applyMetadata({ path: pathOf("d"), existed: true }, node, policy, batch);
    fs.renameSync(pathOf("d"), pathOf("moved"));
    fs.mkdirSync(pathOf("d"), 0o700);
    batch.finish();
    expect(attributesOf("moved")).toEqual(taken({ "user.d": BINARY }, policy));
    expect(fs.lstatSync(pathOf("moved")).mode & 0o7777).toBe(0o750);
    expect(attributesOf("d")).toEqual({});
  });
});

describe("setting extended attributes", () => {
  it("refuses them, and says what to install, where there is neither the package nor the commands", () => {
    const policy = createMetadataPolicy({ loadXattrs: () => undefined });
    const path = process.env["PATH"];
    process.env["PATH"] = join(base, "no");
    try {
      applyMetadata({ path: file }, makeNode({ ...MINE, xattrs: { "user.a": EMPTY } }), policy);
    } finally {
      process.env["PATH"] = path;
    }
    expect([...policy.refusals.xattrs]).toEqual([
      ["user.a", "install the package @napi-rs/xattr, or the commands setfattr and getfattr"],
    ]);
    expect(fs.lstatSync(file).mode & 0o7777).toBe(0o644);
  });

  it("does not fail when the disk refuses them, for whatever reason", () => {
    const messages = [95, 1, 13, 28, 7, 61, 5].map((number) => `No (os error ${number})`);
    const wanted = Object.fromEntries(messages.map((_, at) => [`user.${at}`, BINARY] as const));
    const policy = createMetadataPolicy({ loadXattrs: () => failing(() => messages.shift()!) });
    applyMetadata({ path: file }, makeNode({ ...MINE, xattrs: wanted }), policy);
    expect([...policy.refusals.xattrs]).toEqual(Object.keys(wanted).map((name) => [name, "No"]));
  });

  it("does not touch those that belong to the machine", () => {
    const has = ["security.selinux", "system.nfs4_acl", "user.old"];
    const removed: string[] = [];
    const calls: XattrWriteCalls = {
      ...failing(() => "No"),
      listAttributesSync: () => has,
      removeAttributeSync: (_, name) => removed.push(name),
    };
    const policy = createMetadataPolicy({ loadXattrs: () => calls });
    applyMetadata({ path: file, existed: true }, makeNode(MINE), policy);
    expect(removed).toEqual(["user.old"]);
  });

  it("sets none on a disk that does not support any", () => {
    const policy = createMetadataPolicy({
      loadXattrs: () => failing(() => "Not supported (os error 95)"),
    });
    applyMetadata({ path: file, existed: true }, makeNode({ ...MINE, mode: 0o640 }), policy);
    expect(policy.refusals.xattrs.size).toBe(0);
    expect(fs.lstatSync(file).mode & 0o7777).toBe(0o640);
  });

  it("records an owner when asked, except on links and for root", () => {
    const policy = createMetadataPolicy({ rootlessXattr: true });
    fs.symlinkSync("file", pathOf("link"));
    fs.writeFileSync(pathOf("device"), "");
    fs.writeFileSync(pathOf("root"), "");
    const owner = { uid: 7, gid: 0 };
    const value = { [ROOTLESS_OWNER]: formatRootlessOwner(7, 0) };
    applyMetadata({ path: file }, makeNode(owner), policy);
    applyMetadata({ path: pathOf("link") }, makeNode({ ...owner, type: "symlink" }), policy);
    applyMetadata({ path: pathOf("device") }, makeNode({ ...owner, type: "block" }), policy);
    applyMetadata({ path: pathOf("root") }, makeNode(), policy);
    for (const name of ["file", "device"]) expect(attributesOf(name)).toEqual(taken(value, policy));
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
