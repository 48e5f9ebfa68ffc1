// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBytes, toBytes, type ByteString } from "../../bytes/byte-string.ts";
import type { NodeType } from "../../rootfs/root-filesystem.ts";
import type { InodeStamp } from "../disk-node.ts";
import {
  formatProvenInode,
  openProvenInodes,
  startProvenInodes,
  type ProvenInode,
} from "./proven-inodes.ts";

const TYPES: readonly NodeType[] = ["file", "directory", "symlink", "character", "block", "fifo"];
const id = fc.oneof(fc.nat(5), fc.constant(2 ** 32 - 2));
const bytes = fc.uint8Array({ maxLength: 6 }).map((array) => fromBytes(array));

describe("the file placed", () => {
  const NO_STAMP: InodeStamp = {
    ...{ type: "file", mode: 0o644, uid: 0, gid: 0, size: 0 },
    ...{ mtimeNs: 0n, ctimeNs: 0n, ino: 0n, birthtimeNs: 0n },
  };
  const placed = fc.record({
    type: fc.constantFrom(...TYPES),
    mode: fc.nat(0o7777),
    uid: id,
    gid: id,
    size: fc.nat(),
    mtimeNs: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    ctimeNs: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    ino: fc.bigInt(0n, 2n ** 64n - 1n),
    birthtimeNs: fc.bigInt(0n, 2n ** 63n - 1n),
    held: fc.subarray(["owner", "type", "mode", "time"] as const),
    heldXattrs: fc
      .uniqueArray(fc.tuple(bytes, fc.option(bytes, { nil: undefined })), {
        maxLength: 3,
        selector: ([key]) => key,
      })
      .map((pairs) => new Map(pairs)),
  });

  function parsePlaced(text: string): ProvenInode[] {
    const { count, at } = openProvenInodes(toBytes(text as ByteString));
    return Array.from({ length: count }, (_, number) => at(number));
  }

  it("gives back every stamp that was written to it", () => {
    fc.assert(
      fc.property(fc.array(placed, { maxLength: 5 }), (stamps: ProvenInode[]) => {
        const text =
          startProvenInodes() + stamps.map((stamp) => formatProvenInode(stamp, stamp)).join("");
        expect(parsePlaced(text)).toEqual(stamps);
      }),
    );
  });

  it("says of an inode that it is as it was only if nothing of it differs", () => {
    fc.assert(
      fc.property(placed, (stamp: ProvenInode) => {
        const text = startProvenInodes() + formatProvenInode(stamp, stamp);
        const { shows } = openProvenInodes(toBytes(text as ByteString));
        expect(shows(0, stamp)).toBe(true);
        const others: Partial<ProvenInode>[] = [
          ...[{ type: "socket" as const }, { mode: stamp.mode ^ 1 }, { size: stamp.size + 1 }],
          ...[{ uid: stamp.uid + 1 }, { gid: stamp.gid * 10 + 1 }, { ino: stamp.ino + 1n }],
          ...[{ mtimeNs: stamp.mtimeNs ^ 1n }, { ctimeNs: stamp.ctimeNs ^ 1n }],
          ...[{ birthtimeNs: stamp.birthtimeNs * 10n + 1n }],
        ];
        for (const other of others) expect(shows(0, { ...stamp, ...other })).toBe(false);
      }),
    );
  });

  it("finds the last path of an inode by its number", () => {
    const stamp = { ...NO_STAMP, held: [], heldXattrs: new Map() };
    const inodes = [7n, 8n, 7n, 70n].map((ino) => formatProvenInode({ ...stamp, ino }, stamp));
    const text = startProvenInodes() + inodes.join("");
    const { withNumber } = openProvenInodes(toBytes(text as ByteString));
    expect([7n, 8n, 70n, 0n].map(withNumber)).toEqual([2, 1, 3, undefined]);
  });

  it.each([
    ["starts with another signature", ["#oci-kit placed 2"]],
    ["has a truncated line", ["#oci-kit placed 1", "file 644 0 0 1 2 3"]],
    ["has an unknown type", ["#oci-kit placed 1", "door 644 0 0 1 2 3 4 5"]],
    ["has an unknown field", ["#oci-kit placed 1", "file 644 0 0 1 2 3 4 5 size"]],
    ["has a field twice", ["#oci-kit placed 1", "file 644 0 0 1 2 3 4 5 xattr.a xattr.a"]],
    ["has a malformed attribute", ["#oci-kit placed 1", "file 644 0 0 1 2 3 4 5 xattr.a\\=A"]],
    ["has malformed base64", ["#oci-kit placed 1", "file 644 0 0 1 2 3 4 5 xattr.a=A"]],
  ])("is refused when it %s", (_, lines) => {
    expect(() => parsePlaced(lines.map((line) => `${line}\n`).join(""))).toThrow(
      expect.objectContaining({ code: "invalid-sidecar" }),
    );
  });
});
