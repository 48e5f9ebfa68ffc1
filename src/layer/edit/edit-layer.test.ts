// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { fromText, toText, type ByteString } from "../../bytes/byte-string.ts";
import { once } from "../../bytes/bytes.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { layerTar, type LayerFiles } from "../../testing/build-image.ts";
import { listLayer } from "../../testing/list-layer.ts";
import { END_OF_TAR, joinBytes, rawEntry } from "../../testing/raw-tar.ts";
import { changeEntry, composeEdits, type EntryEdit } from "./edit-entry.ts";
import { editLayer } from "./edit-layer.ts";
import { dropPaths, renamePaths } from "./edit-paths.ts";
import { makeEntry } from "../make-entry.ts";
import { writeLayer } from "../write-layer.ts";

const LARGE = 64 * 1024 * 1024;

async function edited(files: LayerFiles, ...edits: readonly EntryEdit[]): Promise<Uint8Array> {
  const tar = editLayer(layerTar(files), composeEdits(...edits));
  return readAll(tar, LARGE, "edited");
}

/** Each entry as `path`, or `path -> target`, with its content behind it. */
function listed(tar: Uint8Array): string[] {
  return listLayer(tar).map(({ entry, content }) => {
    const target = entry.linkTarget === "" ? "" : ` -> ${toText(entry.linkTarget)}`;
    return `${toText(entry.path)}${target}${content === "" ? "" : ` = ${content}`}`;
  });
}

const path = (text: string): ByteString => fromText(text);
const rename = (from: string, to: string): EntryEdit => renamePaths(path(from), path(to));
const drop = (...paths: readonly string[]): EntryEdit => dropPaths((at) => paths.includes(at));

describe("editLayer", () => {
  it("gives back a layer that oci-kit wrote byte for byte when nothing is edited", async () => {
    const files: LayerFiles = {
      "usr/": "",
      "usr/a": "content",
      "usr/.wh.gone": "",
      "usr/b": { hardlink: "usr/a" },
      link: { symlink: "/usr/a" },
    };
    const before = await readAll(layerTar(files), LARGE, "before");
    expect(digestBytes(await edited(files, (entry) => entry))).toBe(digestBytes(before));
  });

  it("drops an entry with its content", async () => {
    const tar = await edited({ a: "first", b: "second", c: "third" }, drop("/b"));
    expect(listed(tar)).toEqual(["a = first", "c = third"]);
  });

  it("keeps only a little of a large file in memory", async () => {
    const size = 512 * 1024 * 1024;
    const chunk = new Uint8Array(1024 * 1024);
    const content = async function* () {
      for (let left = size; left > 0; left -= chunk.length) {
        await Promise.resolve();
        yield chunk;
      }
    };
    const entry = makeEntry({ type: "file", path: path("large"), size });
    const tar = editLayer(writeLayer([{ entry, content: content() }]), rename("/", "/opt"));
    let length = 0;
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for await (const part of tar) {
      length += part.length;
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(length).toBe(size + 3 * 512);
    expect(most).toBeLessThan(size / 4);
  });

  it("drops the content of a hard link", async () => {
    const tar = joinBytes(
      rawEntry({ name: "a" }, "whole"),
      rawEntry({ name: "b", typeFlag: "1", linkName: "a" }, "whole"),
      END_OF_TAR,
    );
    const result = await readAll(
      editLayer(once(tar), (entry) => entry),
      LARGE,
      "links",
    );
    expect(listed(result)).toEqual(["a = whole", "b -> a"]);
  });

  it("passes on an error that the source throws at its end", async () => {
    const damaged = async function* () {
      yield* layerTar({ a: "content" });
      throw new Error("damaged");
    };
    const tar = editLayer(damaged(), drop("/a"));
    await expect(readAll(tar, LARGE, "damaged")).rejects.toThrow("damaged");
  });

  it("refuses an edit that changes a size", async () => {
    const tar = edited({ a: "content" }, (entry) => changeEntry(entry, { size: 3 }));
    await expect(tar).rejects.toMatchObject({ code: "size-mismatch" });
  });
});

describe("hard links of an edited layer", () => {
  const files: LayerFiles = { "usr/a": "content", "usr/b": { hardlink: "usr/a" } };
  const linkFirst: LayerFiles = { "usr/b": { hardlink: "usr/a" }, "usr/a": "content" };

  it("are changed when their targets move", async () => {
    expect(listed(await edited(files, rename("/usr", "/opt")))).toEqual([
      "opt/a = content",
      "opt/b -> opt/a",
    ]);
    expect(listed(await edited(linkFirst, rename("/usr/a", "/c")))).toEqual([
      "usr/b -> c",
      "c = content",
    ]);
  });

  it.each([
    ["after its target", files],
    ["before its target", linkFirst],
  ])(
    "may be dropped with their target, but not be left without it: a link %s",
    async (_, layer) => {
      expect(listed(await edited(layer, drop("/usr/a", "/usr/b")))).toEqual([]);
      await expect(edited(layer, drop("/usr/a"))).rejects.toMatchObject({
        code: "invalid-argument",
        message:
          'layer: hard link "usr/b": expected its target at "/usr/a", but "/usr/a" is dropped',
      });
    },
  );

  it.each([
    ["after its target", files],
    ["before its target", linkFirst],
  ])(
    "are refused with their names when an edit moves only the file: a link %s",
    async (_, layer) => {
      const move: EntryEdit = (entry) =>
        entry.type === "file" ? changeEntry(entry, { path: path("moved") }) : entry;
      await expect(edited(layer, move)).rejects.toThrow(
        'hard link "usr/b": expected its target at "/usr/a", but "/usr/a" is at "/moved"',
      );
    },
  );

  it("are refused when an edit separates links that come before their target", async () => {
    const layer = { b: { hardlink: "a" }, c: { hardlink: "a" }, a: "content" };
    const turn: EntryEdit = (entry) =>
      entry.path === "c" ? changeEntry(entry, { linkTarget: path("d") }) : entry;
    await expect(edited(layer, turn)).rejects.toThrow('hard link "c"');
  });

  it("may lead to a lower layer, whose files a rename in this layer does not move", async () => {
    const layer = { "usr/b": { hardlink: "usr/below" } };
    expect(listed(await edited(layer, drop("/other")))).toEqual(["usr/b -> usr/below"]);
    await expect(edited(layer, rename("/usr", "/opt"))).rejects.toThrow(
      'hard link "opt/b": expected its target at "/opt/below", but "/usr/below" is at "/usr/below"',
    );
  });

  it("lead to the last one of several files with one name", async () => {
    const layer = { "./x": "old", x: "new", y: { hardlink: "x" } };
    let seen = 0;
    const dropFirst: EntryEdit = (entry) =>
      entry.type === "file" && seen++ === 0 ? undefined : entry;
    expect(listed(await edited(layer, dropFirst))).toEqual(["x = new", "y -> x"]);
  });
});
