// SPDX-License-Identifier: MIT
import { fromText, type ByteString } from "../../src/bytes/byte-string.ts";
import type { Entry, EntryType } from "../../src/layer/entry.ts";
import { makeEntry } from "../../src/layer/make-entry.ts";
import { whiteout, type Piece } from "../fixtures/layers.ts";

// Layers with everything that both a layer and a disk can hold: every type, owner, mode, time, attribute and
// name that some tool has lost before.

type More = Partial<Omit<Entry, "type" | "path" | "size">>;

const OLD = { mtime: -315_619_201, mtimeNanoseconds: 750_000_000 };
const EXACT = { mtime: 981_173_106, mtimeNanoseconds: 123_456_789 };
const FAR = { mtime: 9_000_000_000 };
const LONG_NAME = "n".repeat(255);
const DEEP = Array.from({ length: 12 }, (_, at) => `${"d".repeat(60)}${at}`);
const CAPABILITY =
  "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";

/** A path of any bytes; one that is not UTF-8 is written with `\xNN` escapes. */
const raw = (bytes: string): ByteString => bytes as ByteString;

function piece(
  type: EntryType,
  path: ByteString,
  more: More = {},
  content = new Uint8Array(),
): Piece {
  const times = { mtime: 1_600_000_000 };
  return { entry: makeEntry({ type, path, size: content.length, ...times, ...more }), content };
}

function put(path: string, content: string | Uint8Array, more: More = {}): Piece {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return piece("file", fromText(path), more, new Uint8Array(bytes));
}

const directory = (path: string, more: More = {}): Piece =>
  piece("directory", fromText(`${path}/`), more);
const symlink = (path: string, target: string, more: More = {}): Piece =>
  piece("symlink", fromText(path), { linkTarget: fromText(target), ...more });

function hardlink(path: string, { entry }: Piece): Piece {
  const link = { type: "hardlink", path: fromText(path), linkTarget: entry.path, size: 0 } as const;
  return { entry: { ...entry, ...link }, content: new Uint8Array() };
}

function xattrs(pairs: Readonly<Record<string, string>>): More {
  return {
    xattrs: new Map(Object.entries(pairs).map(([key, value]) => [fromText(key), raw(value)])),
  };
}

/** Bytes that compress badly, the same ones every time. */
function noise(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = 1;
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

function deepPath(): Piece[] {
  const parents = DEEP.map((_, at) => directory(DEEP.slice(0, at + 1).join("/")));
  const path = `${DEEP.join("/")}/leaf`;
  return [...parents, put(path, "deep"), symlink("to-deep", path)];
}

function names(): Piece[] {
  const odd = [
    "with space",
    "new\nline",
    "tab\t",
    "back\\slash",
    "été",
    "-dash",
    "*?[a]",
    "\"quo'te",
    "percent%20",
  ];
  return [
    directory("odd"),
    ...odd.map((name) => put(`odd/${name}`, name)),
    put(`odd/${LONG_NAME}`, "a name as long as a disk takes"),
    piece("file", raw("odd/caf\xe9")),
    piece("symlink", raw("odd/\xff\xfe"), { linkTarget: raw("caf\xe9") }),
    piece("directory", raw("odd/\xc3\x28/")),
    piece("file", raw("odd/\xc3\x28/inside\x7f"), EXACT),
  ];
}

function special(): Piece[] {
  return [
    directory("dev"),
    piece("character", fromText("dev/null"), { mode: 0o666, deviceMajor: 1, deviceMinor: 3 }),
    piece("character", fromText("dev/tty"), {
      mode: 0o620,
      gid: 5,
      deviceMajor: 5,
      deviceMinor: 300,
    }),
    piece("block", fromText("dev/loop"), { mode: 0o660, deviceMajor: 7, deviceMinor: 70_000 }),
    piece("fifo", fromText("dev/pipe"), { mode: 0o600, ...OLD }),
  ];
}

/** One layer that names the root and every parent directory before what is in it. */
export function oddLayer(): Piece[] {
  const shared = put("usr/shared", "two names, one file", { ...EXACT, uid: 70_000 });
  return [
    directory(".", { ...EXACT, mode: 0o755 }),
    directory("usr", { mode: 0o2775, gid: 50 }),
    put("usr/su", "#!/bin/sh\n", { mode: 0o4755 }),
    put("usr/write", "", { mode: 0o2711, gid: 5 }),
    put("usr/ping", "elf", { mode: 0o755, ...xattrs({ "security.capability": CAPABILITY }) }),
    put("usr/secret", "none may read", { mode: 0 }),
    shared,
    hardlink(`usr/${LONG_NAME}`, shared),
    hardlink("hard", shared),
    directory("tmp", { mode: 0o1777, ...OLD }),
    put("tmp/old", "from 1960", { ...OLD, uid: 3_000_000, gid: 4_000_000 }),
    put("tmp/far", "from 2255", { ...FAR, uid: 4_294_967_294 }),
    directory("attributed", xattrs({ "user.on-directory": "yes", "trusted.of-root": "\x00" })),
    put("attributed/file", "x", xattrs({ "user.binary": "\x00\xff\n=\x80", "user.text": "a=b c" })),
    symlink("absolute", "/usr/su"),
    symlink("usr/relative", "../tmp/./old", { ...EXACT, uid: 1000, gid: 1000 }),
    symlink("dangling", "no/such/place"),
    symlink("upwards", "../../../../../etc"),
    symlink("self", "self"),
    symlink("far", `/${"t".repeat(300)}`),
    directory("big"),
    put("big/empty", ""),
    put("big/zeros", new Uint8Array(3_000_000)),
    put("big/noise", noise(1_000_001)),
    ...names(),
    ...deepPath(),
    ...special(),
  ];
}

/** A layer on top of {@link oddLayer} with all that whiteouts, links and changes of type can do. */
export function changes(): Piece[] {
  return [
    directory("usr", { mode: 0o755, ...EXACT }),
    whiteout("usr/.wh.write"),
    put("usr/su", "changed", { mode: 0o755 }),
    directory("odd"),
    whiteout("odd/.wh..wh..opq"),
    put("odd/only", "what was here is gone"),
    whiteout(".wh.hard"),
    whiteout(".wh.attributed"),
    put("tmp/through", "by a link"),
    whiteout(".wh.self"),
    symlink("self", "tmp"),
    put("dangling", "a file now"),
    directory("upwards", { mode: 0o700 }),
    put("upwards/in", "a directory now"),
    symlink("big", "usr"),
    directory("dev"),
    whiteout("dev/.wh.pipe"),
    directory("dev/null"),
  ];
}

/** A third layer, in which the removed paths come back as something else. */
export function returns(): Piece[] {
  return [
    put("hard", "back, and alone"),
    symlink("attributed", "/usr"),
    directory("new"),
    put("new/file", "n"),
    whiteout("new/.wh.never-there"),
    put("usr/.whatever", "no whiteout"),
    whiteout(`${DEEP[0]}/.wh.${DEEP[1]}`),
  ];
}

/** A layer with a hard link to a file of a lower layer. The spec allows it, but containerd can't apply it. */
export function linkDown(): Piece[] {
  const linkTarget = fromText("usr/ping");
  return [piece("hardlink", fromText("again"), { linkTarget, mode: 0o755 })];
}
