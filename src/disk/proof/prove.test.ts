// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { recordOf } from "../../../test/fixtures/place-tree.ts";
import {
  CONTENTS,
  createProvenDirectory,
  me,
  NODES,
  TOOL,
  type ProvenDirectory,
} from "../../../test/fixtures/proven-directory.ts";
import { makeNode, treeOf } from "../../../test/fixtures/trees.ts";
import { formatDifference } from "../../rootfs/compare/compare-trees.ts";
import type { XattrWriteCalls } from "../xattrs/xattr-calls.ts";
import { createMetadataPolicy } from "../metadata-policy.ts";
import { loadXattrCalls } from "../xattrs/xattr-calls.ts";
import { proveAndRecord } from "./prove.ts";
import { readRecord, writeRecord } from "../sidecar/unpack-record.ts";

let root: ProvenDirectory;

beforeEach(() => {
  root = createProvenDirectory();
});
afterEach(() => root.remove());

describe("the proof of an unpacked directory", () => {
  it("compares every path and content, and completes the sidecar", async () => {
    root.place();
    const progress: unknown[] = [];
    const proof = await root.prove(NODES, { onProgress: (event) => progress.push(event) });
    expect(proof).toMatchObject({ compared: 6, contents: 2, contentBytes: 8, differences: [] });
    expect(progress.at(-1)).toEqual({ compared: 6, contentBytes: 8 });
    const record = readRecord(root.sidecar);
    expect(record).toMatchObject({ state: "complete", counts: { paths: 6 }, user: me });
    expect(fs.readdirSync(root.sidecar).sort()).toEqual(["placed", "sidecar.json", "tree.mtree"]);
  });

  it("writes the same tree.mtree wherever and whenever the image is unpacked", async () => {
    root.place();
    await root.prove();
    const read = (): string => fs.readFileSync(join(root.sidecar, "tree.mtree"), "latin1");
    const first = read();
    fs.rmSync(root.directory, { recursive: true });
    root.place(NODES, { sameOwner: false });
    await root.prove(NODES, { verifyContent: false });
    expect(read()).toBe(first);
  });

  it("passes where attributes cannot be read back, and says how many were not checked", async () => {
    root.place();
    const loadXattrs = (): never => {
      throw new Error("Cannot find native binding.");
    };
    const dumpXattrs = (): undefined => undefined;
    const proof = await root.prove(NODES, { loadXattrs, dumpXattrs });
    // The file with two names is read once.
    expect(proof).toMatchObject({ compared: 6, unreadXattrs: 5, differences: [] });
    expect(readRecord(root.sidecar)).toMatchObject({ state: "complete" });
  });

  it("reads no contents unless told to, but still compares sizes", async () => {
    root.place();
    const time = fs.lstatSync(root.at("usr/text")).mtime;
    fs.writeFileSync(root.at("usr/text"), "TEXT");
    fs.utimesSync(root.at("usr/text"), time, time);
    expect(await root.prove(NODES, { verifyContent: false })).toMatchObject({
      contents: 0,
      contentBytes: 0,
      differences: [],
    });
    fs.writeFileSync(root.at("usr/text"), "longer");
    fs.utimesSync(root.at("usr/text"), time, time);
    const { differences } = await root.prove(NODES, { verifyContent: false });
    expect(differences.map(formatDifference)).toEqual(["/usr/text: size: expected 4, got 6"]);
  });

  it("fails when nothing was compared", async () => {
    root.place();
    const nothing = proveAndRecord(
      root.directory,
      treeOf(new Map()),
      root.policy,
      recordOf(root.policy),
      {
        sidecar: root.sidecar,
        verifyContent: true,
      },
    );
    await expect(nothing).rejects.toMatchObject({ code: "nothing-to-check" });
    expect(readRecord(root.sidecar)).toBeUndefined();
  });

  it("ends when it is aborted, and leaves the record unchanged", async () => {
    root.place();
    writeRecord(root.sidecar, recordOf(root.policy));
    const proof = root.prove(NODES, { signal: AbortSignal.abort() });
    await expect(proof).rejects.toMatchObject({ code: "aborted" });
    expect(readRecord(root.sidecar)).toMatchObject({ state: "writing" });
    expect(fs.readdirSync(root.sidecar)).toEqual(["sidecar.json"]);
  });

  it("compares files that have no digest in any index by reading them", async () => {
    const sparse = makeNode({ ...me, content: "text" });
    const unknown = { ...sparse, contentDigest: undefined };
    CONTENTS.set(sparse, "text").set(unknown, "text");
    const top = NODES["/"]!;
    root.place({ "/": top, "/x": sparse });
    expect(await root.differencesOf({ "/": top, "/x": unknown })).toEqual([]);
    fs.rmSync(root.sidecar, { recursive: true });
    CONTENTS.set(unknown, "test");
    expect(await root.differencesOf({ "/": top, "/x": unknown })).toEqual([
      "/x: content: expected the same bytes, got others from byte 2 on",
    ]);
  });
});

/** Restores the times after a change, so that only the change itself is found. */
function keepingTimes(change: () => void): void {
  const paths = ["", "usr", "usr/tool", "usr/text"].map((path) => root.at(path));
  const before = paths.map((path) => [path, fs.lstatSync(path)] as const);
  change();
  for (const [path, { atimeMs, mtimeMs }] of before) {
    const times = [atimeMs, mtimeMs].map((time) => (time < 0 ? String(time / 1000) : time / 1000));
    if (fs.existsSync(path)) fs.utimesSync(path, times[0]!, times[1]!);
  }
}

describe("the proof fails when", () => {
  it.each<[string, () => void, readonly unknown[]]>([
    ["a file is missing", () => fs.rmSync(root.at("usr/text")), ["/usr/text: missing"]],
    ["there is an additional file", () => fs.writeFileSync(root.at("x"), ""), ["/x: unexpected"]],
    [
      "the content of a file changed",
      () => fs.writeFileSync(root.at("usr/text"), "TEXT"),
      [expect.stringMatching(/^\/usr\/text: content: expected sha256:/)],
    ],
    [
      "a file was truncated",
      () => fs.truncateSync(root.at("usr/text"), 1),
      ["/usr/text: size: expected 4, got 1"],
    ],
    [
      "a mode changed",
      () => fs.chmodSync(root.at("usr/text"), 0o600),
      ["/usr/text: mode: expected 0644, got 0600"],
    ],
    [
      "a set-id bit was added",
      () => fs.chmodSync(root.at("usr/text"), 0o4644),
      ["/usr/text: mode: expected 0644, got 4644"],
    ],
    ["a link has another target", () => bend(), ["/usr/link: link: expected tool, got toot"]],
    [
      "a file was replaced by a directory",
      () => {
        fs.rmSync(root.at("usr/text"));
        fs.mkdirSync(root.at("usr/text"));
      },
      [expect.stringMatching(/^\/usr\/text: type: expected file, got directory; mode:/)],
    ],
    [
      "a hard link was replaced by a separate file",
      () => unlinkName(),
      [
        "/usr/tool: names: expected /usr/tool, /usr/tool-1, got /usr/tool",
        expect.stringMatching(/^\/usr\/tool-1: .*names: /),
      ],
    ],
  ])("%s", async (_, change, expected) => {
    root.place();
    keepingTimes(change);
    expect(await root.differencesOf()).toEqual(expected);
  });

  function bend(): void {
    const { mtime } = fs.lstatSync(root.at("usr/link"));
    fs.rmSync(root.at("usr/link"));
    fs.symlinkSync("toot", root.at("usr/link"));
    fs.lutimesSync(root.at("usr/link"), mtime, NODES["/usr/link"]!.mtime + 0.1234567895);
  }

  function unlinkName(): void {
    fs.copyFileSync(root.at("usr/tool"), root.at("copy"));
    fs.renameSync(root.at("copy"), root.at("usr/tool-1"));
  }

  it.each([2, -0.5, 0.001])("a time is %d seconds off", async (seconds) => {
    root.place();
    const time = TOOL.mtime + seconds;
    fs.utimesSync(root.at("usr/tool"), time, time);
    expect(await root.differencesOf()).toHaveLength(2);
  });

  it("an attribute was changed, added or removed", async () => {
    root.place();
    if (!root.takesXattrs()) return;
    const calls = loadXattrCalls() as XattrWriteCalls;
    calls.setAttributeSync(root.at("usr/tool"), "user.a", Buffer.from("2"));
    calls.setAttributeSync(root.at("usr/text"), "user.b", Buffer.from("2"));
    const found = await root.differencesOf();
    expect(found).toHaveLength(3);
    expect(found[0]).toBe('/usr/text: xattrs: expected no user.b, got user.b="2"');
    expect(found[1]).toBe('/usr/tool: xattrs: expected user.a="1", got user.a="2"');
    calls.removeAttributeSync(root.at("usr/tool"), "user.a");
    calls.removeAttributeSync(root.at("usr/text"), "user.b");
    expect((await root.differencesOf())[0]).toBe(
      '/usr/tool: xattrs: expected user.a="1", got no user.a',
    );
  });

  it("an owner is neither the image's nor the unpacking user's", async () => {
    const other = { ...NODES, "/usr/text": makeNode({ content: "text", uid: 33, gid: 34 }) };
    root.place(NODES, { sameOwner: true });
    expect(await root.differencesOf(other)).toEqual([
      `/usr/text: owner: expected 33:34, got ${me.uid}:${me.gid}`,
    ]);
    if (me.uid !== 0) return;
    fs.lchownSync(root.at("usr/text"), 12345, 0);
    root.policy = createMetadataPolicy({ sameOwner: false });
    expect(await root.differencesOf(other)).toEqual([
      "/usr/text: owner: expected 33:34, got 12345:0",
    ]);
  });
});
