// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { fromText, type ByteString } from "../../bytes/byte-string.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { layerTar, type LayerFiles } from "../../testing/build-image.ts";
import { listLayer } from "../../testing/list-layer.ts";
import { composeEdits, type EntryEdit } from "./edit-entry.ts";
import { editLayer } from "./edit-layer.ts";
import { changeMode, changeOwner, clampTimes, setTimes } from "./edit-metadata.ts";
import { parseModeChange } from "./parse-mode-change.ts";

const LARGE = 64 * 1024 * 1024;

async function edited(files: LayerFiles, ...edits: readonly EntryEdit[]): Promise<Uint8Array> {
  const tar = editLayer(layerTar(files), composeEdits(...edits));
  return readAll(tar, LARGE, "edited");
}

const path = (text: string): ByteString => fromText(text);

describe("metadata of an edited layer", () => {
  const files: LayerFiles = {
    d: { type: "directory", path: path("d/"), mode: 0o700, mtime: 5, mtimeNanoseconds: 7 },
    f: {
      content: "x",
      mode: 0o640,
      mtime: 20,
      userName: path("me"),
      groupName: path("us"),
      uid: 7,
    },
    s: { symlink: "f" },
  };
  const entriesOf = async (...edits: readonly EntryEdit[]) =>
    listLayer(await edited(files, ...edits)).map(({ entry }) => entry);

  it("gets another owner, without the names of the old one", async () => {
    const [, both] = await entriesOf(changeOwner({ uid: 1, gid: 2 }));
    expect(both).toMatchObject({ uid: 1, gid: 2, userName: "", groupName: "" });
    const [, group] = await entriesOf(changeOwner({ gid: 2 }));
    expect(group).toMatchObject({ uid: 7, gid: 2, userName: "me", groupName: "" });
  });

  it("gets other permission bits, except for symbolic links", async () => {
    const modes = (await entriesOf(changeMode(parseModeChange("u=rwX,go=rX")))).map((e) => e.mode);
    expect(modes).toEqual([0o755, 0o644, 0o777]);
  });

  it("gets one time, or a latest time", async () => {
    const times = (edit: EntryEdit) =>
      entriesOf(edit).then((all) => all.map((e) => [e.mtime, e.mtimeNanoseconds]));
    expect(await times(setTimes(9))).toEqual([
      [9, 0],
      [9, 0],
      [9, 0],
    ]);
    expect(await times(clampTimes(5))).toEqual([
      [5, 0],
      [5, 0],
      [0, 0],
    ]);
    expect(await times(clampTimes(6))).toEqual([
      [5, 7],
      [6, 0],
      [0, 0],
    ]);
  });

  it.each([
    ["setTimes", setTimes(9)],
    ["clampTimes", clampTimes(9)],
  ])("loses its other times with %s, but no other extension", async (_, edit) => {
    const extensions = new Map([
      ["atime", "1"],
      ["ctime", "2"],
      ["LIBARCHIVE.creationtime", "3"],
      ["comment", "c"],
    ] as const) as unknown as ReadonlyMap<ByteString, ByteString>;
    const [entry] = listLayer(await edited({ f: { content: "x", extensions } }, edit));
    expect([...entry!.entry.extensions]).toEqual([["comment", "c"]]);
  });
});

describe("parseModeChange", () => {
  it.each([
    ["755", 0o4640, false, 0o755],
    ["4711", 0, false, 0o4711],
    ["a+x", 0o640, false, 0o751],
    ["+x", 0o640, false, 0o751],
    ["go-w", 0o666, false, 0o644],
    ["u=rwX,go=rX", 0o6770, true, 0o755],
    ["u=rwX,go=rX", 0o600, false, 0o644],
    ["u+s,g+s,+t", 0o755, false, 0o7755],
    ["u-s", 0o4755, false, 0o755],
    ["g=u", 0, false, undefined],
    ["u+x-w", 0o600, false, 0o500],
    ["o=", 0o777, false, 0o770],
    ["", 0, false, undefined],
    ["8", 0, false, undefined],
    ["77777", 0, false, undefined],
    ["u+q", 0, false, undefined],
  ])("%s of %o", (text, mode, isDirectory, expected) => {
    if (expected !== undefined) expect(parseModeChange(text)(mode, isDirectory)).toBe(expected);
    else {
      const refused = expect.objectContaining({ code: "invalid-argument" }) as Error;
      expect(() => parseModeChange(text)).toThrow(refused);
    }
  });
});
