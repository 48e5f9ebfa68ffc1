// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { b } from "../../../test/fixtures/layers.ts";
import { placeTree, recordOf } from "../../../test/fixtures/place-tree.ts";
import { makeNode, makeTree, treeOf } from "../../../test/fixtures/trees.ts";
import type { ByteString } from "../../bytes/byte-string.ts";
import { formatDifference } from "../../rootfs/compare-trees.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import { createPlacement, type Placement, type PlacementOptions } from "../placement.ts";
import { loadXattrCalls } from "../xattrs.ts";
import type { XattrWriteCalls } from "../inode/write-xattrs.ts";
import { proveAndRecord, type Proof, type ProveOptions } from "./prove.ts";
import { readRecord, sidecarOf, writeRecord } from "./unpack-record.ts";

const isRoot = process.getuid?.() === 0;
const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

let base: string;
let directory: string;
let sidecar: string;
let placement: Placement;

beforeEach(() => {
  base = fs.mkdtempSync(join(tmpdir(), "oci-kit-prove-"));
  directory = join(base, "root");
  sidecar = sidecarOf(directory);
});
afterEach(() => fs.rmSync(base, { recursive: true, force: true }));

const at = (path: string): string => join(directory, path);

const TOOL = makeNode({
  ...me,
  content: "tool",
  mode: 0o755,
  xattrs: new Map([[b("user.a"), b("1")]]),
});
const NODES: Readonly<Record<string, Node>> = {
  "/": makeNode({
    ...me,
    type: "directory",
    mode: 0o755,
    mtime: -5,
    mtimeNanoseconds: 250_000_000,
  }),
  "/usr": makeNode({ ...me, type: "directory" }),
  "/usr/tool": TOOL,
  "/usr/tool-1": TOOL,
  "/usr/link": makeNode({
    ...me,
    type: "symlink",
    linkTarget: b("tool"),
    mtime: 17,
    mtimeNanoseconds: 123_456_789,
  }),
  "/usr/text": makeNode({ ...me, content: "text", mode: 0o644 }),
};
const CONTENTS = new Map([
  [TOOL, "tool"],
  [NODES["/usr/text"]!, "text"],
]);

function place(
  nodes: Readonly<Record<string, Node>> = NODES,
  options: PlacementOptions = {},
): void {
  placement = createPlacement(options);
  placeTree(directory, makeTree(nodes), CONTENTS, placement);
}

function prove(
  nodes: Readonly<Record<string, Node>> = NODES,
  options: Partial<ProveOptions> = {},
): Promise<Proof> {
  const tree = makeTree(nodes, CONTENTS);
  const record = recordOf(placement);
  return proveAndRecord(directory, tree, placement, record, {
    sidecar,
    verifyContent: true,
    ...options,
  });
}

async function differencesOf(nodes?: Readonly<Record<string, Node>>): Promise<string[]> {
  const { differences } = await prove(nodes);
  expect(fs.existsSync(join(sidecar, "sidecar.json"))).toBe(differences.length === 0);
  return differences.map(formatDifference);
}

/** Whether this disk has attributes that users may set. */
function takesXattrs(): boolean {
  return !placement.refusals.xattrs.has(b("user.a"));
}

describe("the proof of an unpacked directory", () => {
  it("compares every path and content, and completes the sidecar", async () => {
    place();
    const progress: unknown[] = [];
    const proof = await prove(NODES, { onProgress: (event) => progress.push(event) });
    expect(proof).toMatchObject({ compared: 6, contents: 2, contentBytes: 8, differences: [] });
    expect(progress.at(-1)).toEqual({ compared: 6, contentBytes: 8 });
    const record = readRecord(sidecar);
    expect(record).toMatchObject({ state: "complete", counts: { paths: 6 }, user: me });
    expect(fs.readdirSync(sidecar).sort()).toEqual(["placed", "sidecar.json", "tree.mtree"]);
  });

  it("writes the same tree.mtree wherever and whenever it is unpacked", async () => {
    place();
    await prove();
    const read = (): string => fs.readFileSync(join(sidecar, "tree.mtree"), "latin1");
    const first = read();
    fs.rmSync(directory, { recursive: true });
    place(NODES, { sameOwner: false });
    await prove(NODES, { verifyContent: false });
    expect(read()).toBe(first);
  });

  it("reads no content when that is not asked for, and still compares sizes", async () => {
    place();
    const time = fs.lstatSync(at("usr/text")).mtime;
    fs.writeFileSync(at("usr/text"), "TEXT");
    fs.utimesSync(at("usr/text"), time, time);
    expect(await prove(NODES, { verifyContent: false })).toMatchObject({
      contents: 0,
      contentBytes: 0,
      differences: [],
    });
    fs.writeFileSync(at("usr/text"), "longer");
    fs.utimesSync(at("usr/text"), time, time);
    const { differences } = await prove(NODES, { verifyContent: false });
    expect(differences.map(formatDifference)).toEqual(["/usr/text: size: expected 4, got 6"]);
  });

  it("is about something: nothing compared is an error", async () => {
    place();
    const nothing = proveAndRecord(directory, treeOf(new Map()), placement, recordOf(placement), {
      sidecar,
      verifyContent: true,
    });
    await expect(nothing).rejects.toMatchObject({ code: "nothing-to-check" });
    expect(readRecord(sidecar)).toBeUndefined();
  });

  it("ends when it is told to, and leaves the record as it was", async () => {
    place();
    writeRecord(sidecar, recordOf(placement));
    const proof = prove(NODES, { signal: AbortSignal.abort() });
    await expect(proof).rejects.toMatchObject({ code: "aborted" });
    expect(readRecord(sidecar)).toMatchObject({ state: "writing" });
    expect(fs.readdirSync(sidecar)).toEqual(["sidecar.json"]);
  });

  it("compares files whose digest no index has by reading them", async () => {
    const sparse = makeNode({ ...me, content: "text" });
    const unknown = { ...sparse, contentDigest: undefined };
    CONTENTS.set(sparse, "text").set(unknown, "text");
    const root = NODES["/"]!;
    place({ "/": root, "/x": sparse });
    expect(await differencesOf({ "/": root, "/x": unknown })).toEqual([]);
    fs.rmSync(sidecar, { recursive: true });
    CONTENTS.set(unknown, "test");
    expect(await differencesOf({ "/": root, "/x": unknown })).toEqual([
      "/x: content: expected the same bytes, got others from byte 2 on",
    ]);
  });
});

/** Times stay: only what is tampered with is found. */
function keepingTimes(change: () => void): void {
  const paths = ["", "usr", "usr/tool", "usr/text"].map(at);
  const before = paths.map((path) => [path, fs.lstatSync(path)] as const);
  change();
  for (const [path, { atimeMs, mtimeMs }] of before) {
    const times = [atimeMs, mtimeMs].map((time) => (time < 0 ? String(time / 1000) : time / 1000));
    if (fs.existsSync(path)) fs.utimesSync(path, times[0]!, times[1]!);
  }
}

describe("the proof fails when", () => {
  it.each<[string, () => void, readonly unknown[]]>([
    ["a file is gone", () => fs.rmSync(at("usr/text")), ["/usr/text: missing"]],
    ["a file is there too much", () => fs.writeFileSync(at("x"), ""), ["/x: unexpected"]],
    [
      "a content changed",
      () => fs.writeFileSync(at("usr/text"), "TEXT"),
      [expect.stringMatching(/^\/usr\/text: content: expected sha256:/)],
    ],
    [
      "a file was cut",
      () => fs.truncateSync(at("usr/text"), 1),
      ["/usr/text: size: expected 4, got 1"],
    ],
    [
      "a mode changed",
      () => fs.chmodSync(at("usr/text"), 0o600),
      ["/usr/text: mode: expected 0644, got 0600"],
    ],
    [
      "a set-id bit was added",
      () => fs.chmodSync(at("usr/text"), 0o4644),
      ["/usr/text: mode: expected 0644, got 4644"],
    ],
    ["a link was bent", () => bend(), ["/usr/link: link: expected tool, got toot"]],
    [
      "a file is a directory now",
      () => {
        fs.rmSync(at("usr/text"));
        fs.mkdirSync(at("usr/text"));
      },
      [expect.stringMatching(/^\/usr\/text: type: expected file, got directory; mode:/)],
    ],
    [
      "a name is a file of its own",
      () => unlinkName(),
      [
        "/usr/tool: names: expected /usr/tool, /usr/tool-1, got /usr/tool",
        expect.stringMatching(/^\/usr\/tool-1: .*names: /),
      ],
    ],
  ])("%s", async (_, change, expected) => {
    place();
    keepingTimes(change);
    expect(await differencesOf()).toEqual(expected);
  });

  function bend(): void {
    const { mtime } = fs.lstatSync(at("usr/link"));
    fs.rmSync(at("usr/link"));
    fs.symlinkSync("toot", at("usr/link"));
    fs.lutimesSync(at("usr/link"), mtime, NODES["/usr/link"]!.mtime + 0.1234567895);
  }

  function unlinkName(): void {
    fs.copyFileSync(at("usr/tool"), at("copy"));
    fs.renameSync(at("copy"), at("usr/tool-1"));
  }

  it.each([2, -0.5, 0.001])("a time is %d seconds off", async (seconds) => {
    place();
    const time = TOOL.mtime + seconds;
    fs.utimesSync(at("usr/tool"), time, time);
    expect(await differencesOf()).toHaveLength(2);
  });

  it("an attribute was changed, added or removed", async () => {
    place();
    if (!takesXattrs()) return;
    const calls = loadXattrCalls() as XattrWriteCalls;
    calls.setAttributeSync(at("usr/tool"), "user.a", Buffer.from("2"));
    calls.setAttributeSync(at("usr/text"), "user.b", Buffer.from("2"));
    const found = await differencesOf();
    expect(found).toHaveLength(3);
    expect(found[0]).toBe('/usr/text: xattrs: expected no user.b, got user.b="2"');
    expect(found[1]).toBe('/usr/tool: xattrs: expected user.a="1", got user.a="2"');
    calls.removeAttributeSync(at("usr/tool"), "user.a");
    calls.removeAttributeSync(at("usr/text"), "user.b");
    expect((await differencesOf())[0]).toBe(
      '/usr/tool: xattrs: expected user.a="1", got no user.a',
    );
  });

  it("an owner is neither the image's nor the user's", async () => {
    const other = { ...NODES, "/usr/text": makeNode({ content: "text", uid: 33, gid: 34 }) };
    place(NODES, { sameOwner: true });
    expect(await differencesOf(other)).toEqual([
      `/usr/text: owner: expected 33:34, got ${me.uid}:${me.gid}`,
    ]);
    if (!isRoot) return;
    fs.lchownSync(at("usr/text"), 12345, 0);
    placement = createPlacement({ sameOwner: false });
    expect(await differencesOf(other)).toEqual(["/usr/text: owner: expected 33:34, got 12345:0"]);
  });
});

describe("the proof allows, and the sidecar keeps,", () => {
  it("owners that could not be set, and the set-id bits that they take along", async () => {
    const nodes = {
      "/": makeNode({ type: "directory", uid: 8, gid: 9 }),
      "/sudo": makeNode({ content: "x", mode: 0o6755, uid: 33, gid: 34 }),
    };
    CONTENTS.set(nodes["/sudo"], "x");
    place(nodes, { sameOwner: false });
    expect(fs.lstatSync(at("sudo")).mode & 0o7777).toBe(0o755);
    expect(await prove(nodes)).toMatchObject({ differences: [], held: { owner: 2, mode: 1 } });
    expect(fs.readFileSync(join(sidecar, "placed"), "latin1")).toMatch(/ mode owner\n$/);
  });

  it("but no bit less of a mode whose owner is real", async () => {
    const nodes = { ...NODES, "/usr/text": { ...NODES["/usr/text"]!, mode: 0o4755 } };
    place();
    fs.chmodSync(at("usr/text"), 0o755);
    expect(await differencesOf(nodes)).toEqual(["/usr/text: mode: expected 4755, got 0755"]);
  });

  it("numbers that a map has moved", async () => {
    const ids = {
      uidMap: [{ image: 0, disk: me.uid, size: 1 }],
      gidMap: [{ image: 0, disk: me.gid, size: 1 }],
    };
    const nodes = { "/": makeNode({ type: "directory" }), "/x": makeNode({ mode: 0o4755 }) };
    place(nodes, { sameOwner: true, ...ids });
    expect(await differencesOf(nodes)).toEqual([]);
  });

  it("devices for which an empty file stands, but none with anything in it", async () => {
    const device = makeNode({
      ...me,
      type: "character",
      deviceMajor: 1,
      deviceMinor: 3,
      mode: 0o600,
    });
    const nodes = { "/": NODES["/"]!, "/null": device };
    place({ "/": NODES["/"]!, "/null": makeNode({ ...me, mode: 0o600 }) });
    expect(await differencesOf(nodes)).toEqual(["/null: type: expected character, got file"]);
    placement.refusals.special.set("character", "not here");
    expect(await prove(nodes)).toMatchObject({ differences: [], held: { type: 1 } });
    fs.writeFileSync(at("null"), "x");
    fs.utimesSync(at("null"), device.mtime, device.mtime);
    fs.rmSync(sidecar, { recursive: true });
    expect(await differencesOf(nodes)).toEqual(["/null: type: expected character, got file"]);
  });

  it("attributes that were refused, by name", async () => {
    const xattrs = new Map([
      [b("trusted.a"), b("1")],
      [b("security.selinux"), b("label")],
    ] as const);
    place({ "/": NODES["/"]!, "/x": makeNode(me) });
    const nodes = { "/": NODES["/"]!, "/x": makeNode({ ...me, xattrs }) };
    expect(await differencesOf(nodes)).toEqual([
      '/x: xattrs: expected trusted.a="1", got no trusted.a',
    ]);
    placement.refusals.xattrs.set(b("trusted.a"), "only root may");
    expect(await prove(nodes)).toMatchObject({ differences: [], held: { xattrs: 1 } });
    expect(readRecord(sidecar)?.refusals?.xattrs).toMatchObject({ "trusted.a": "only root may" });
  });

  it("times to the nanosecond, before 1970 and of years that doubles hardly have", async () => {
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
    place(nodes);
    expect(await differencesOf(nodes)).toEqual([]);
  });

  it("files and directories that their owner may not read, whose modes and times stay", async () => {
    const secret = makeNode({ ...me, content: "x", mode: 0 });
    const nodes = {
      "/": makeNode({ ...me, type: "directory", mode: 0o311 }),
      "/shut": makeNode({ ...me, type: "directory", mode: 0 }),
      "/shut/secret": secret,
    };
    CONTENTS.set(secret, "x");
    placement = createPlacement();
    const open = {
      "/": NODES["/"]!,
      "/shut": makeNode({ ...me, type: "directory" }),
      "/shut/secret": secret,
    };
    placeTree(directory, makeTree(open), CONTENTS, placement);
    fs.chmodSync(at("shut"), 0);
    fs.utimesSync(directory, nodes["/"].mtime, nodes["/"].mtime);
    fs.chmodSync(directory, 0o311);
    try {
      expect(await differencesOf(nodes)).toEqual([]);
      expect(fs.lstatSync(at("shut")).mode & 0o7777).toBe(0);
      expect(fs.lstatSync(directory).mode & 0o7777).toBe(0o311);
      expect(await differencesOf(nodes)).toEqual([]);
    } finally {
      fs.chmodSync(directory, 0o700);
      fs.chmodSync(at("shut"), 0o700);
    }
  });

  it("owners in user.rootlesscontainers, where that was asked for", async () => {
    const nodes = { "/": makeNode({ type: "directory" }), "/x": makeNode({ uid: 33, gid: 34 }) };
    place(nodes, { rootlessXattr: true });
    const { differences } = await prove(nodes);
    expect(differences).toEqual([]);
    placement = createPlacement({ sameOwner: false });
    const names = await prove(nodes);
    const found = names.differences.flatMap(({ fields }) => fields.map(({ xattr }) => xattr));
    const owner: ByteString[] = takesXattrs() ? [b("user.rootlesscontainers")] : [];
    expect(found).toEqual(owner);
  });
});
