// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { fromBytes, type ByteString } from "../bytes/byte-string.ts";
import { O_PATH } from "./widen.ts";

const MOST_OUTPUT = 2 ** 30;
// Where the command sees the descriptor it is given; that is no link to be followed further.
const GIVEN = "/proc/self/fd/3";
const DUMP = ["-d", "-m", "-", "-e", "hex", "--absolute-names", "--", GIVEN];

/**
 * All extended attributes of what lies at `place`, whatever bytes its name is made of, in any order, by
 * the command `getfattr`. It takes milliseconds: for what the calls can't be asked. A link is not followed.
 * Linux only.
 * @throws the system's error, also when there is no such command; an error with its words when it failed
 */
export function dumpXattrs(place: Buffer): Map<ByteString, ByteString> {
  const fd = fs.openSync(place, O_PATH | fs.constants.O_NOFOLLOW);
  try {
    const { error, status, stdout, stderr } = spawnSync("getfattr", DUMP, {
      stdio: ["ignore", "pipe", "pipe", fd],
      env: { PATH: process.env["PATH"], LC_ALL: "C" },
      encoding: "latin1",
      maxBuffer: MOST_OUTPUT,
    });
    if (error !== undefined) throw error;
    if (status !== 0 || stderr !== "") throw new Error(stderr.trim() || `getfattr: ${status}`);
    return parseDump(stdout);
  } finally {
    fs.closeSync(fd);
  }
}

/** Lines as `user.name=0x6162`; without a value `user.name`. Bytes of names are `\` and three octal digits. */
function parseDump(text: string): Map<ByteString, ByteString> {
  const found = new Map<ByteString, ByteString>();
  for (const line of text.split("\n")) {
    const [, name, value = ""] = /^([^#=][^=]*)(?:=(?:0x([0-9a-f]*)|""))?$/.exec(line) ?? [];
    if (name !== undefined) found.set(unescape(name), fromBytes(Buffer.from(value, "hex")));
  }
  return found;
}

function unescape(name: string): ByteString {
  return name.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  ) as ByteString;
}
