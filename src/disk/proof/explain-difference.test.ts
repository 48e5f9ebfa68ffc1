// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { b } from "../../../test/fixtures/layers.ts";
import { moveIntoTree } from "../../../test/fixtures/place-tree.ts";
import {
  CONTENTS,
  createProvenDirectory,
  me,
  NODES,
  type ProvenDirectory,
} from "../../../test/fixtures/proven-directory.ts";
import { makeNode, makeTree } from "../../../test/fixtures/trees.ts";
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import { createMetadataPolicy } from "../metadata-policy.ts";
import { readRecord } from "../sidecar/unpack-record.ts";

let root: ProvenDirectory;

beforeEach(() => {
  root = createProvenDirectory();
});
afterEach(() => root.remove());

describe("the differences that the proof of an unpacked directory allows", () => {
  it("include owners that could not be set, and set-id bits lost with them", async () => {
    const nodes = {
      "/": makeNode({ type: "directory", uid: 8, gid: 9 }),
      "/sudo": makeNode({ content: "x", mode: 0o6755, uid: 33, gid: 34 }),
    };
    CONTENTS.set(nodes["/sudo"], "x");
    root.place(nodes, { sameOwner: false });
    expect(fs.lstatSync(root.at("sudo")).mode & 0o7777).toBe(0o755);
    expect(await root.prove(nodes)).toMatchObject({ differences: [], held: { owner: 2, mode: 1 } });
    expect(fs.readFileSync(join(root.sidecar, "placed"), "latin1")).toMatch(/ mode owner\n$/);
  });

  it("do not include a missing set-id bit of a file whose owner was set", async () => {
    const nodes = { ...NODES, "/usr/text": { ...NODES["/usr/text"]!, mode: 0o4755 } };
    root.place();
    fs.chmodSync(root.at("usr/text"), 0o755);
    expect(await root.differencesOf(nodes)).toEqual(["/usr/text: mode: expected 4755, got 0755"]);
  });

  it("include owner numbers that were translated by a map", async () => {
    const ids = {
      uidMap: [{ image: 0, disk: me.uid, size: 1 }],
      gidMap: [{ image: 0, disk: me.gid, size: 1 }],
    };
    const nodes = { "/": makeNode({ type: "directory" }), "/x": makeNode({ mode: 0o4755 }) };
    root.place(nodes, { sameOwner: true, ...ids });
    expect(await root.differencesOf(nodes)).toEqual([]);
  });

  it("include empty files in place of devices, but no files with content", async () => {
    const device = makeNode({
      ...me,
      type: "character",
      deviceMajor: 1,
      deviceMinor: 3,
      mode: 0o600,
    });
    const nodes = { "/": NODES["/"]!, "/null": device };
    root.place({ "/": NODES["/"]!, "/null": makeNode({ ...me, mode: 0o600 }) });
    expect(await root.differencesOf(nodes)).toEqual(["/null: type: expected character, got file"]);
    root.policy.refusals.special.set("character", "not here");
    expect(await root.prove(nodes)).toMatchObject({ differences: [], held: { type: 1 } });
    fs.writeFileSync(root.at("null"), "x");
    fs.utimesSync(root.at("null"), device.mtime, device.mtime);
    fs.rmSync(root.sidecar, { recursive: true });
    expect(await root.differencesOf(nodes)).toEqual(["/null: type: expected character, got file"]);
  });

  it("include attributes that were refused, by name", async () => {
    const xattrs = new Map([
      [b("trusted.a"), b("1")],
      [b("security.selinux"), b("label")],
    ] as const);
    root.place({ "/": NODES["/"]!, "/x": makeNode(me) });
    const nodes = { "/": NODES["/"]!, "/x": makeNode({ ...me, xattrs }) };
    expect(await root.differencesOf(nodes)).toEqual([
      '/x: xattrs: expected trusted.a="1", got no trusted.a',
    ]);
    root.policy.refusals.xattrs.set(b("trusted.a"), "only root may");
    expect(await root.prove(nodes)).toMatchObject({ differences: [], held: { xattrs: 1 } });
    expect(readRecord(root.sidecar)?.refusals?.xattrs).toMatchObject({
      "trusted.a": "only root may",
    });
  });

  it("include times that the disk can only approximate, before 1970 and in far years too", async () => {
    const times = [
      [-5, 999_999_999],
      [1_700_000_000, 123_456_789],
      [2 ** 33, 1],
      [-1, 1],
    ] as const;
    const nodes: Record<string, Node> = { "/": NODES["/"]! };
    for (const [at, [mtime, mtimeNanoseconds]] of times.entries()) {
      nodes[`/${at}`] = makeNode({ ...me, mtime, mtimeNanoseconds });
    }
    root.place(nodes);
    expect(await root.differencesOf(nodes)).toEqual([]);
  });

  it("are not needed for files that their owner may not read, whose modes and times stay", async () => {
    const secret = makeNode({ ...me, content: "x", mode: 0 });
    const nodes = {
      "/": makeNode({ ...me, type: "directory", mode: 0o311 }),
      "/shut": makeNode({ ...me, type: "directory", mode: 0 }),
      "/shut/secret": secret,
    };
    CONTENTS.set(secret, "x");
    root.policy = createMetadataPolicy();
    const open = {
      "/": NODES["/"]!,
      "/shut": makeNode({ ...me, type: "directory" }),
      "/shut/secret": secret,
    };
    moveIntoTree(root.directory, makeTree(open), CONTENTS, root.policy);
    fs.chmodSync(root.at("shut"), 0);
    fs.utimesSync(root.directory, nodes["/"].mtime, nodes["/"].mtime);
    fs.chmodSync(root.directory, 0o311);
    try {
      expect(await root.differencesOf(nodes)).toEqual([]);
      expect(fs.lstatSync(root.at("shut")).mode & 0o7777).toBe(0);
      expect(fs.lstatSync(root.directory).mode & 0o7777).toBe(0o311);
      expect(await root.differencesOf(nodes)).toEqual([]);
    } finally {
      fs.chmodSync(root.directory, 0o700);
      fs.chmodSync(root.at("shut"), 0o700);
    }
  });

  it("include owners kept in user.rootlesscontainers, if that was asked for", async () => {
    const nodes = { "/": makeNode({ type: "directory" }), "/x": makeNode({ uid: 33, gid: 34 }) };
    root.place(nodes, { rootlessXattr: true });
    const { differences } = await root.prove(nodes);
    expect(differences).toEqual([]);
    root.policy = createMetadataPolicy({ sameOwner: false });
    const names = await root.prove(nodes);
    const found = names.differences.flatMap(({ fields }) => fields.map(({ xattr }) => xattr));
    const owner: ByteString[] = root.takesXattrs() ? [b("user.rootlesscontainers")] : [];
    expect(found).toEqual(owner);
  });
});
