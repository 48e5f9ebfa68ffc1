// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { extract, pack, type Header } from "tar-stream";
import { describe, expect, it } from "vitest";
import { decodeText, fromText, type ByteString } from "../bytes/byte-string.ts";
import { layerOf, listLayer } from "../testing/list-layer.ts";
import { joinBytes } from "../testing/raw-tar.ts";
import type { Entry, EntryType } from "./entry.ts";
import { makeEntry } from "./make-entry.ts";

/** What both codecs can hold: tar-stream clamps larger owners, writes mode 0 as 0644, has whole seconds only. */
const plainEntry = fc
  .record({
    type: fc.constantFrom<EntryType[]>("file", "directory", "symlink", "hardlink", "fifo"),
    path: fc.stringMatching(/^[a-zé]{1,70}(?:\/[a-z]{1,60}){0,4}$/),
    target: fc.stringMatching(/^[a-z/]{1,120}$/),
    mode: fc.integer({ min: 1, max: 0o7777 }),
    uid: fc.nat(262_143),
    gid: fc.nat(262_143),
    mtime: fc.nat(2 ** 31 - 1),
    content: fc.uint8Array({ maxLength: 2000 }),
  })
  .map(({ type, path, target, mode, uid, gid, mtime, content }) => {
    const isLink = type === "symlink" || type === "hardlink";
    const entry = makeEntry({
      type,
      path: fromText(type === "directory" ? `${path}/` : path),
      linkTarget: isLink ? fromText(target) : ("" as ByteString),
      ...{ mode, uid, gid, mtime },
      size: type === "file" ? content.length : 0,
    });
    return type === "file" ? { entry, content } : { entry };
  });
type PlainItem = { readonly entry: Entry; readonly content?: Uint8Array };

/** tar-stream's header of an entry. */
function headersOf(entry: Entry): Partial<Header> & Pick<Header, "name"> {
  const type = entry.type === "hardlink" ? "link" : entry.type;
  return {
    name: decodeText(entry.path)!,
    type: type as NonNullable<Header["type"]>,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    size: entry.size,
    mtime: new Date(entry.mtime * 1000),
    ...(entry.linkTarget === "" ? {} : { linkname: decodeText(entry.linkTarget)! }),
  };
}

async function writeTheirs(items: readonly PlainItem[]): Promise<Uint8Array> {
  const packing = pack();
  for (const { entry, content } of items)
    packing.entry(headersOf(entry), Buffer.from(content ?? []));
  packing.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of packing) chunks.push(chunk as Uint8Array);
  return joinBytes(...chunks);
}

async function readTheirs(tar: Uint8Array): Promise<[Partial<Header>, Uint8Array][]> {
  const extracting = extract();
  extracting.end(Buffer.from(tar));
  const read: [Partial<Header>, Uint8Array][] = [];
  for await (const entry of extracting) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    const { name, type, mode, uid, gid, size, mtime, linkname } = entry.header;
    const header = { name, type, mode, uid, gid, size, mtime };
    read.push([linkname ? { ...header, linkname } : header, joinBytes(...chunks)]);
  }
  return read;
}

describe("tar-stream, with entries that it supports,", () => {
  it("writes what our parser reads", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(plainEntry, { maxLength: 5 }),
        async (items: readonly PlainItem[]) => {
          const listed = listLayer(await writeTheirs(items));
          const paths = listed.map(({ entry }) => ({ ...entry, extensions: new Map() }));
          expect(paths).toEqual(items.map(({ entry }) => entry));
          expect(listed.map(({ content }) => content.length)).toEqual(
            items.map(({ entry }) => entry.size),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it("reads what our writer writes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(plainEntry, { maxLength: 5 }),
        async (items: readonly PlainItem[]) => {
          const read = await readTheirs(layerOf(items));
          const expected = items.map(({ entry, content }) => [
            headersOf(entry),
            content ?? new Uint8Array(),
          ]);
          expect(read).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });
});
