// SPDX-License-Identifier: MIT
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { b } from "../../../test/fixtures/layers.ts";
import { makeNode } from "../../../test/fixtures/trees.ts";
import { fromBytes, toText, type ByteString } from "../../bytes/byte-string.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { diffIdOf } from "../../oci/digest.ts";
import { DEFAULT_LIMITS } from "../../oci/limits.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import type { InodeStamp } from "../disk-node.ts";
import { draftSidecar } from "./draft-sidecar.ts";
import { readRecordedTree } from "./recorded-tree.ts";
import { recordRefusals } from "./recorded-refusals.ts";
import { LARGEST_RECORD, readRecord, writeRecord, type UnpackRecord } from "./unpack-record.ts";

let base: string;
let sidecar: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "oci-kit-written-"));
  sidecar = join(base, "root.oci-kit");
});
afterEach(() => rmSync(base, { recursive: true }));

const digest = digestBytes(new Uint8Array());
const RECORD: UnpackRecord = {
  ...{ version: 1, state: "writing", image: { digest, name: "one" }, diffIds: [] },
  ...{ exact: false, sameOwner: false, rootlessXattr: false, uidMap: [], gidMap: [] },
  user: { uid: 0, gid: 0 },
};
const NONE = { owner: 0, type: 0, mode: 0, time: 0, xattrs: 0 };

describe("sidecar.json", () => {
  it("is read again with as many layers as an image may have, and megabytes of patterns", () => {
    const record = {
      ...RECORD,
      diffIds: Array.from({ length: DEFAULT_LIMITS.children }, () => diffIdOf(digest)),
      include: Array.from({ length: 100_000 }, (_, at) => `/a/long/way/to/some/file/number-${at}`),
    };
    writeRecord(sidecar, record);
    expect(readRecord(sidecar)).toEqual(record);
  });

  it("is refused when it is written, when it would be refused when it is read", () => {
    const record = { ...RECORD, include: ["x".repeat(LARGEST_RECORD)] };
    expect(() => writeRecord(sidecar, record)).toThrow(
      expect.objectContaining({ code: "limit-exceeded" }),
    );
    expect(existsSync(sidecar)).toBe(false);
  });

  it("is read again whatever the attributes are called that the disk refused", () => {
    const name = fc.oneof(
      fc.constantFrom("__proto__", "constructor", "user.a", ""),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => fromBytes(bytes)),
      fc.nat(200_000).map((length) => "n".repeat(length)),
    ) as fc.Arbitrary<ByteString>;
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string()), { maxLength: 20 }), (pairs) => {
        const refusals = { owner: "why", special: new Map(), xattrs: new Map(pairs) };
        const record = { ...RECORD, refusals: recordRefusals(refusals) };
        writeRecord(sidecar, record);
        expect(readRecord(sidecar)).toEqual(record);
        expect(JSON.stringify(record).length).toBeLessThan(100_000);
        for (const [name, why] of new Map(pairs)) {
          if (/^user\.[a-z]$/.test(name)) expect(record.refusals?.xattrs[toText(name)]).toBe(why);
        }
      }),
    );
  });
});

const stamp: InodeStamp = {
  ...{ type: "file", mode: 0o7777, uid: 2 ** 32 - 1, gid: 2 ** 32 - 1 },
  ...{ size: Number.MAX_SAFE_INTEGER, mtimeNs: -(2n ** 63n), ctimeNs: 2n ** 63n - 1n },
  ...{ ino: 2n ** 64n - 1n, birthtimeNs: 0n },
};

describe("tree.mtree and placed", () => {
  /** Writes both with one path in the root, and reads them. */
  function throughFiles(path: ByteString, node: Node): readonly [ByteString, Node, number] {
    const draft = draftSidecar(sidecar, new Map());
    const heldXattrs = new Map([...node.xattrs.keys()].map((name) => [name, undefined]));
    draft.add(b("/"), makeNode({ type: "directory" }), stamp, { held: [], heldXattrs: new Map() });
    draft.add(path, node, stamp, { held: ["owner", "type", "mode", "time"], heldXattrs });
    const counts = { paths: 2, held: NONE };
    const record: UnpackRecord = { ...RECORD, state: "complete", counts, files: draft.publish() };
    writeRecord(sidecar, record);
    const tree = readRecordedTree(sidecar, readRecord(sidecar)!);
    const { node: back, placed } = tree.at(path)!;
    expect(placed).toMatchObject(stamp);
    return [`/${tree.entries.names[1]}` as ByteString, back, placed.heldXattrs.size];
  }

  it.each<[string, string, Partial<Node>]>([
    [
      "a path that is as long as a layer's may be",
      `/${"\xff".repeat(DEFAULT_LIMITS.pathBytes - 1)}`,
      {},
    ],
    [
      "a link target that is as long",
      "/l",
      { type: "symlink", linkTarget: b("\n".repeat(DEFAULT_LIMITS.pathBytes)) },
    ],
    [
      "the largest numbers",
      "/n",
      {
        ...{ uid: 2 ** 32 - 1, gid: 2 ** 32 - 1, mode: 0o7777, size: Number.MAX_SAFE_INTEGER },
        ...{ mtime: Number.MIN_SAFE_INTEGER, mtimeNanoseconds: 999_999_999 },
      },
    ],
    [
      "the largest device numbers",
      "/d",
      { type: "block", deviceMajor: 2 ** 32 - 1, deviceMinor: 2 ** 32 - 1 },
    ],
    [
      "a name of an attribute as large as an extended header",
      "/x",
      { xattrs: new Map([[b("n".repeat(DEFAULT_LIMITS.extendedHeaderBytes)), b("")]]) },
    ],
    [
      "a value of an attribute as large as an extended header",
      "/v",
      { xattrs: new Map([[b("user.a"), b("v".repeat(DEFAULT_LIMITS.extendedHeaderBytes))]]) },
    ],
    [
      "as many attributes as an extended header holds",
      "/m",
      { xattrs: new Map(Array.from({ length: 150_000 }, (_, at) => [b(`a${at}`), b("")])) },
    ],
  ])("are read again with %s", (_, path, parts) => {
    const node = makeNode(parts);
    const [read, back, held] = throughFiles(b(path), node);
    expect(read === b(path)).toBe(true);
    for (const key of Object.keys(parts) as (keyof Node)[]) {
      if (key !== "xattrs") expect(back[key] === node[key]).toBe(true);
    }
    expect([...back.xattrs].every(([name, value]) => node.xattrs.get(name) === value)).toBe(true);
    expect([back.xattrs.size, held]).toEqual([node.xattrs.size, node.xattrs.size]);
  });
});
