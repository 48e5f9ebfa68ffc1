// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { fromBytes, type ByteString } from "../bytes/byte-string.ts";

type Xattrs = ReadonlyMap<ByteString, ByteString>;

/** The extended attributes of a tree as they were when they were read, all at once. */
export interface TreeXattrs {
  /** Undefined when they could not be read. */
  of(path: ByteString): Xattrs | undefined;
}

const NOTHING: Xattrs = new Map();
const MOST_OUTPUT = 2 ** 30;
/** Where the command sees the descriptor it is given. */
const GIVEN = "/proc/self/fd/3/.";
const DUMP = ["-R", "-P", "-h", "-d", "-m", "-", "-e", "hex", "--absolute-names", "--", GIVEN];
const { O_RDONLY, O_DIRECTORY } = fs.constants;

/**
 * Reads the attributes of everything in a directory with one process of the command `getfattr`: for
 * systems that the package with the calls has no build for. No link is followed. Linux only.
 * Undefined where there is no such command.
 * @throws the system's error
 */
export function dumpTreeXattrs(directory: Buffer): TreeXattrs | undefined {
  if (process.platform !== "linux") return undefined;
  const fd = fs.openSync(directory, O_RDONLY | O_DIRECTORY);
  try {
    const { error, stdout, stderr } = spawnSync("getfattr", DUMP, {
      stdio: ["ignore", "pipe", "pipe", fd],
      env: { PATH: process.env["PATH"], LC_ALL: "C" },
      encoding: "latin1",
      maxBuffer: MOST_OUTPUT,
    });
    if (error !== undefined && "code" in error && error.code === "ENOENT") return undefined;
    if (error !== undefined) throw error;
    const found = parseDump(stdout);
    const unread = new Set([...stderr.matchAll(FAILED)].map(([, path = ""]) => placeOf(path)));
    return { of: (path) => (isAtOrBelow(path, unread) ? undefined : (found.get(path) ?? NOTHING)) };
  } finally {
    fs.closeSync(fd);
  }
}

/** `getfattr: PATH: Permission denied`. A disk without attributes says so of every path: they have none. */
const FAILED = /^getfattr: (.*): (?!Operation not supported$)[^:\n]*$/gm;
const LINE = /^(?:# file: (.*)|([^=]+)(?:=(?:0x([0-9a-f]*)|""))?)$/;

function parseDump(text: string): Map<ByteString, Map<ByteString, ByteString>> {
  const found = new Map<ByteString, Map<ByteString, ByteString>>();
  let current = new Map<ByteString, ByteString>();
  for (const line of text.split("\n")) {
    const [, file, name, value = ""] = LINE.exec(line) ?? [];
    if (file !== undefined) {
      current = new Map();
      found.set(placeOf(file), current);
    } else if (name !== undefined) {
      current.set(unescape(name), fromBytes(Buffer.from(value, "hex")));
    }
  }
  for (const [path, xattrs] of found) found.set(path, new Map([...xattrs].sort(byName)));
  return found;
}

function byName([one]: [ByteString, ByteString], [other]: [ByteString, ByteString]): number {
  return one < other ? -1 : 1;
}

/** The path in the tree of one that the command tells. */
function placeOf(file: string): ByteString {
  return (unescape(file).slice(GIVEN.length) || "/") as ByteString;
}

/** Bytes are told as `\` and three octal digits. */
function unescape(text: string): ByteString {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  ) as ByteString;
}

function isAtOrBelow(path: ByteString, unread: ReadonlySet<ByteString>): boolean {
  if (unread.size === 0) return false;
  for (let at: string = path; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
    if (unread.has(at as ByteString)) return true;
  }
  return unread.has("/" as ByteString);
}
