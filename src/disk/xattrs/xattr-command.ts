// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import { compareByteStrings, fromBytes, type ByteString } from "../../bytes/byte-string.ts";

// Runs the commands `getfattr` and `setfattr` of the package attr: they accept names of any bytes, and also
// exist where the package with the calls has no build.

export type Xattrs = ReadonlyMap<ByteString, ByteString>;

export const NO_XATTRS: Xattrs = new Map();

const MOST_OUTPUT = 2 ** 30;
const FIRST_DESCRIPTOR = 3;

/** The path under which a command sees the file descriptor at this position, from 0. */
export function givenPath(at: number): string {
  return `/proc/self/fd/${FIRST_DESCRIPTOR + at}`;
}

/** How a command ended. Its output is latin1: one character for each byte. */
export interface CommandEnd {
  /** The system's error when the command could not be run to its end; there is no output then. */
  readonly error?: Error | undefined;
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs one of the commands to its end, with messages in English. It sees `fds` under their
 * {@link givenPath}. Takes milliseconds. Never throws: if the command is not installed, `error` is set.
 */
export function runXattrCommand(
  command: "getfattr" | "setfattr",
  args: readonly string[],
  fds: readonly number[],
  input = "",
): CommandEnd {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    stdio: ["pipe", "pipe", "pipe", ...fds],
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
    input,
    encoding: "latin1",
    maxBuffer: MOST_OUTPUT,
  });
  // When there is an error the output is null, although its type does not say so.
  return error === undefined
    ? { status, stdout, stderr }
    : { error, status, stdout: "", stderr: "" };
}

const DUMP = ["-d", "-m", "-", "-e", "hex", "--absolute-names", "--"];

/** Runs `getfattr` for all attributes of `paths`, for {@link parseDump} to read. */
export function runDump(
  flags: readonly string[],
  paths: readonly string[],
  fds: readonly number[],
): CommandEnd {
  return runXattrCommand("getfattr", [...flags, ...DUMP, ...paths], fds);
}

/** `# file: PATH`, then lines `user.name=0x6162`, or `user.name` without a value. */
const DUMP_LINE = /^(?:# file: (.*)|([^=]+)(?:=(?:0x([0-9a-f]*)|""))?)$/;

/** The attributes by the path that the command was given, sorted by name. Paths without attributes are left out. */
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

/** The attributes sorted by the bytes of their names. Sorts the given array, too. */
export function sortedXattrs(xattrs: [ByteString, ByteString][]): Xattrs {
  if (xattrs.length === 0) return NO_XATTRS;
  return new Map(xattrs.sort(([a], [b]) => compareByteStrings(a, b)));
}

/** What a command reported about a path. */
export interface Complaint {
  readonly path: ByteString;
  readonly reason: string;
}

/**
 * All complaints, in the command's order: `getfattr: PATH: Permission denied`, or for a value that may not be
 * read `PATH: NAME: Permission denied`. Since PATH and NAME may hold colons, the result has one complaint for
 * each possible reading.
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

/** The text before each colon that a space follows. */
function beginnings(text: string): string[] {
  return Array.from(text.matchAll(/: /g), ({ index }) => text.slice(0, index));
}

/** Bytes as the commands read them: all but the plainest characters become `\` and three octal digits. */
export function escapeOctal(text: ByteString): string {
  return text.replace(
    /[^\w./-]/g,
    (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
}

/** The inverse of {@link escapeOctal}; also reads what the commands write. */
export function unescapeOctal(text: string): ByteString {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  ) as ByteString;
}
