// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import { compareByteStrings, fromBytes, type ByteString } from "../../bytes/byte-string.ts";

// The commands `getfattr` and `setfattr`, of the package attr: they take names of any bytes, and are there
// where the package with the calls has no build.

export type Xattrs = ReadonlyMap<ByteString, ByteString>;

export const NO_XATTRS: Xattrs = new Map();

const MOST_OUTPUT = 2 ** 30;
const FIRST_DESCRIPTOR = 3;

/** The path in a command of the descriptor it is given at this place, from 0 on. */
export function givenPath(at: number): string {
  return `/proc/self/fd/${FIRST_DESCRIPTOR + at}`;
}

/** How a command ended; its words are latin1: a character a byte. */
export interface CommandEnd {
  /** The system's, when it could not be run to its end; there are no words then. */
  readonly error?: Error | undefined;
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs one of the commands to its end, in an environment of its own language. It sees `descriptors` by
 * their {@link givenPath}. Takes milliseconds. Never throws: a command that is not there is an `error`.
 */
export function runXattrCommand(
  command: "getfattr" | "setfattr",
  args: readonly string[],
  descriptors: readonly number[],
  input = "",
): CommandEnd {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    stdio: ["pipe", "pipe", "pipe", ...descriptors],
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
    input,
    encoding: "latin1",
    maxBuffer: MOST_OUTPUT,
  });
  // Their type does not say that they are null then.
  return error === undefined
    ? { status, stdout, stderr }
    : { error, status, stdout: "", stderr: "" };
}

const DUMP = ["-d", "-m", "-", "-e", "hex", "--absolute-names", "--"];

/** Runs `getfattr` for all attributes of what is at `paths`, as {@link parseDump} reads them. */
export function runDump(
  flags: readonly string[],
  paths: readonly string[],
  descriptors: readonly number[],
): CommandEnd {
  return runXattrCommand("getfattr", [...flags, ...DUMP, ...paths], descriptors);
}

/** `# file: PATH`; below it `user.name=0x6162`, without a value `user.name`. */
const DUMP_LINE = /^(?:# file: (.*)|([^=]+)(?:=(?:0x([0-9a-f]*)|""))?)$/;

/** The attributes by the path that the command was given, sorted by name. A path without any is not in it. */
export function parseDump(text: string): Map<ByteString, Xattrs> {
  const found = new Map<ByteString, Xattrs>();
  let current: [ByteString, ByteString][] = [];
  let file: ByteString | undefined;
  const finish = (): void => {
    if (file !== undefined) found.set(file, sortedXattrs(current));
  };
  for (const line of text.split("\n")) {
    const [, path, name, value = ""] = DUMP_LINE.exec(line) ?? [];
    if (path !== undefined) {
      finish();
      file = unescapeOctal(path);
      current = [];
    } else if (name !== undefined) {
      current.push([unescapeOctal(name), fromBytes(Buffer.from(value, "hex"))]);
    }
  }
  finish();
  return found;
}

/** The attributes in the order of their names' bytes, in which this sorts the array, too. */
export function sortedXattrs(xattrs: [ByteString, ByteString][]): Xattrs {
  if (xattrs.length === 0) return NO_XATTRS;
  return new Map(xattrs.sort(([a], [b]) => compareByteStrings(a, b)));
}

/** What a command said of a path. */
export interface Complaint {
  readonly path: ByteString;
  readonly reason: string;
}

/**
 * All complaints, in the command's order: `getfattr: PATH: Permission denied`, and of a value that may not
 * be read `PATH: NAME: Permission denied`. As both may hold colons, there is one for every way to read that.
 */
export function parseComplaints(stderr: string): Complaint[] {
  const found: Complaint[] = [];
  for (const line of stderr.split("\n")) {
    const [, command, rest, reason] = /^(\w+: )?(.*): ([^:]*)$/.exec(line) ?? [];
    if (rest === undefined || reason === undefined) continue;
    const paths = command === undefined ? beginnings(rest) : [rest];
    for (const path of paths) found.push({ path: unescapeOctal(path), reason });
  }
  return found;
}

/** What stands before each colon and space. */
function beginnings(text: string): string[] {
  return Array.from(text.matchAll(/: /g), ({ index }) => text.slice(0, index));
}

/** Bytes as the commands read them: all but the plainest as `\` and three octal digits. */
export function escapeOctal(text: ByteString): string {
  return text.replace(
    /[^\w./-]/g,
    (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
}

/** The inverse of {@link escapeOctal}, of what the commands write, too. */
export function unescapeOctal(text: string): ByteString {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  ) as ByteString;
}
