// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBytes, toBytes, type ByteString } from "../bytes/byte-string.ts";
import { isOciError } from "../oci/errors.ts";
import { layerOf, listLayer } from "../testing/list-layer.ts";
import {
  GNU_MAGIC,
  gnuLongName,
  joinBytes,
  paxHeader,
  rawEntry,
  rawTar,
} from "../testing/raw-tar.ts";
import { isFieldKeyword } from "./parse/apply-records.ts";
import type { Entry, EntryType } from "./entry.ts";

const EMPTY = "" as ByteString;

const anyBytes = fc.uint8Array({ maxLength: 300 }).map((bytes) => fromBytes(bytes));
/** A name: short and plain, long, or any bytes but NUL. */
const name = fc
  .oneof(
    fc.stringMatching(/^[a-z./]{0,12}$/).map((text) => text as ByteString),
    fc.stringMatching(/^(?:[a-z]{1,60}\/){1,6}[a-z]{0,110}\/?$/).map((text) => text as ByteString),
    anyBytes,
  )
  .map((text) => text.replaceAll("\0", "") as ByteString);
const key = fc
  .oneof(
    fc.constantFrom("user.a", "security.capability", "__proto__", "atime", "VENDOR.b"),
    anyBytes,
  )
  .map((text) => text.replace(/[=\0]/g, "") as ByteString)
  .filter((text) => text !== "");
const id = fc.oneof(fc.nat(0o7777777), fc.integer({ min: 0o7777776, max: 0xffff_ffff }));
const time = fc.oneof(fc.nat(2_000_000_000), fc.maxSafeInteger());
const content = fc.uint8Array({ maxLength: 1600 });

function recordsOf(
  keys: fc.Arbitrary<ByteString>,
  values: fc.Arbitrary<ByteString>,
): fc.Arbitrary<ReadonlyMap<ByteString, ByteString>> {
  return fc.array(fc.tuple(keys, values), { maxLength: 4 }).map((records) => new Map(records));
}

interface Item {
  readonly entry: Entry;
  readonly content: Uint8Array;
}

function itemOf(type: EntryType): fc.Arbitrary<Item> {
  const isLink = type === "symlink" || type === "hardlink";
  return fc
    .record({
      path: name,
      linkTarget: isLink ? name : fc.constant(EMPTY),
      mode: fc.nat(0o7777),
      uid: id,
      gid: id,
      userName: name,
      groupName: name,
      mtime: time,
      mtimeNanoseconds: fc.oneof(fc.constant(0), fc.nat(999_999_999)),
      deviceMajor: id,
      deviceMinor: id,
      xattrs: recordsOf(key, anyBytes),
      extensions: recordsOf(
        key.filter((text) => !isFieldKeyword(text)),
        anyBytes.filter((text) => text !== ""),
      ),
      content: type === "file" ? content : fc.constant(new Uint8Array()),
    })
    .map(({ content, ...fields }) => ({
      entry: { ...fields, type, size: content.length },
      content,
    }));
}

const TYPES: readonly EntryType[] = [
  "file",
  "directory",
  "symlink",
  "hardlink",
  "character",
  "block",
  "fifo",
];
const layer = fc.array(fc.oneof(...TYPES.map(itemOf)), { maxLength: 6 });
const chunking = fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 8 });

describe("a layer that was written", () => {
  it("is read back equal, however it is cut into chunks", () => {
    fc.assert(
      fc.property(layer, chunking, (items, chunks) => {
        const listed = listLayer(layerOf(items), { chunks });
        expect(listed.map(({ entry, content }) => ({ entry, content: toBytes(content) }))).toEqual(
          items,
        );
      }),
      { numRuns: 300 },
    );
  });

  it("depends only on the entries, not on the order in which their records were set", () => {
    fc.assert(
      fc.property(layer, (items) => {
        const reversed = items.map(({ entry, content }) => ({
          entry: {
            ...entry,
            xattrs: new Map([...entry.xattrs].reverse()),
            extensions: new Map([...entry.extensions].reverse()),
          },
          content,
        }));
        expect(layerOf(reversed)).toEqual(layerOf(items));
      }),
    );
  });

  it("consists of whole blocks and ends with two blocks of zeros", () => {
    fc.assert(
      fc.property(layer, (items) => {
        const tar = layerOf(items);
        expect(tar.length % 512).toBe(0);
        expect(tar.subarray(-1024).every((byte) => byte === 0)).toBe(true);
      }),
    );
  });
});

/** One archive with every construct that the parser knows. */
const EVERYTHING = rawTar(
  paxHeader({ comment: "global" }, "g"),
  rawEntry({ name: "a", uid: 1000 }, "content of a"),
  paxHeader({ path: "p".repeat(120), mtime: "-1.5", "SCHILY.xattr.user.a": "v", size: "3" }),
  rawEntry({ name: "b" }, "abc"),
  gnuLongName("L", "l".repeat(600)),
  gnuLongName("K", "k".repeat(200)),
  rawEntry({ name: "c", typeFlag: "2", linkName: "x", magic: GNU_MAGIC }),
  rawEntry({ name: "h", typeFlag: "1", linkName: "a", size: 12 }),
  rawEntry(
    {
      name: "s",
      typeFlag: "S",
      magic: GNU_MAGIC,
      at: { 386: "00000000001\0", 398: "00000000003\0", 483: "00000010000\0" },
    },
    "old",
  ),
  paxHeader({
    "GNU.sparse.major": "1",
    "GNU.sparse.minor": "0",
    "GNU.sparse.realsize": "9000",
    "GNU.sparse.name": "t",
  }),
  rawEntry(
    { name: "t" },
    joinBytes(toBytes("1\n100\n3\n".padEnd(512, "\0") as ByteString), toBytes("new" as ByteString)),
  ),
  paxHeader({ "GNU.sparse.size": "50", "GNU.sparse.map": "0,1,10,1" }),
  rawEntry({ name: "u" }, "xy"),
  rawEntry({ name: "d", typeFlag: "3", deviceMajor: 5, deviceMinor: 1 }),
);

const LIMITS = { holeBytes: 100_000, expansionRatio: 2 };

/** Bytes changed, with the checksums of all headers made right again or not. */
const mutation = fc.record({
  edits: fc.array(
    fc.record({
      at: fc.nat(EVERYTHING.length - 1),
      byte: fc.oneof(
        fc.constantFrom(0, 0x0a, 0x20, 0x2c, 0x30, 0x3d, 0x7f, 0x80, 0xff),
        fc.nat(255),
      ),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  cut: fc.option(fc.nat(EVERYTHING.length), { freq: 4 }),
  repairChecksums: fc.boolean(),
});

function repair(tar: Uint8Array): void {
  for (let at = 0; at + 512 <= tar.length; at += 512) {
    const block = tar.subarray(at, at + 512);
    if (String.fromCharCode(...block.subarray(257, 262)) !== "ustar") continue;
    block.fill(0x20, 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.set(toBytes(`${sum.toString(8).padStart(6, "0")}\0 ` as ByteString), 148);
  }
}

describe("an archive with random damage", () => {
  it("is read or refused with an OciError, however it is cut into chunks, and never hangs", () => {
    expect(listLayer(EVERYTHING, { limits: LIMITS }).length).toBe(8);
    fc.assert(
      fc.property(mutation, chunking, ({ edits, cut, repairChecksums }, chunks) => {
        const tar = EVERYTHING.slice(0, cut ?? EVERYTHING.length);
        for (const { at, byte } of edits) if (at < tar.length) tar[at] = byte;
        if (repairChecksums) repair(tar);
        expect(outcome(tar, chunks)).toEqual(outcome(tar, [tar.length + 1]));
      }),
      { numRuns: 1000 },
    );
  });

  it("is refused when it is only noise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 3000 }), chunking, (noise, chunks) => {
        expect(outcome(noise, chunks)).toEqual(outcome(noise, [noise.length]));
      }),
    );
  });
});

function outcome(tar: Uint8Array, chunks: readonly number[]): unknown {
  try {
    return listLayer(tar, { chunks, limits: LIMITS });
  } catch (error) {
    if (isOciError(error, "invalid-layer", "truncated", "limit-exceeded")) return error.message;
    throw error;
  }
}
