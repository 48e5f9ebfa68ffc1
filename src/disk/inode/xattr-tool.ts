// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import { decodeText, escapeText, fromBytes, type ByteString } from "../../bytes/byte-string.ts";
import type { Placement } from "../placement.ts";
import { setMode } from "./set-mode.ts";
import {
  ACCESS_ACL,
  allowWriting,
  DIFFERENT_MODE,
  extraNames,
  refuseXattr,
  type XattrJob,
} from "./write-xattrs.ts";

/** Inodes a process: their names have to fit a command line. */
const AT_ONCE = 500;
const MOST_OUTPUT = 2 ** 30;
const MISSING = "install the package @napi-rs/xattr, or the commands setfattr and getfattr";

/** An inode and its name in the directory where the commands run. */
interface NamedJob {
  readonly name: string;
  readonly job: XattrJob;
}

type Xattrs = ReadonlyMap<ByteString, ByteString>;

/**
 * Sets the attributes and then the mode of many inodes with the commands `setfattr` and `getfattr`, one
 * process for all that are in one directory. They are read back: what is not there
 * goes to `placement.refusals`.
 * @throws OciError `unwritable` when the system refuses a mode
 */
export function runXattrTool(jobs: readonly XattrJob[], placement: Placement): void {
  for (const [directory, group] of groupByDirectory(jobs)) {
    for (let at = 0; at < group.length; at += AT_ONCE) {
      setIn(directory, group.slice(at, at + AT_ONCE), placement);
    }
  }
}

function groupByDirectory(jobs: readonly XattrJob[]): Map<string, NamedJob[]> {
  const groups = new Map<string, NamedJob[]>();
  for (const job of jobs) {
    const { path } = job.inode;
    const slash = path.lastIndexOf("/");
    const directory = path.slice(0, slash);
    const group = groups.get(directory) ?? [];
    group.push({ name: path.slice(slash + 1), job });
    groups.set(directory, group);
  }
  return groups;
}

function setIn(directory: string, group: readonly NamedJob[], placement: Placement): void {
  for (const { job } of group) allowWriting(job);
  removeExtra(directory, group, placement);
  const wanting = group.filter(({ job }) => job.xattrs.size > 0);
  if (wanting.length > 0) {
    const reasons = restore(directory, wanting);
    const got = dump(directory, wanting);
    for (const { name, job } of wanting) {
      for (const [attribute, value] of job.xattrs) {
        if (got.get(name)?.get(attribute) === value) continue;
        refuseXattr(placement, attribute, reasons(name));
      }
    }
  }
  for (const { job } of group) if (job.type !== "symlink") setMode(job.inode, job.mode);
  const listed = wanting.filter(({ job }) => job.xattrs.has(ACCESS_ACL));
  const lists = dump(directory, listed);
  for (const { name, job } of listed) {
    if (lists.get(name)?.get(ACCESS_ACL) === job.xattrs.get(ACCESS_ACL)) continue;
    refuseXattr(placement, ACCESS_ACL, DIFFERENT_MODE);
  }
}

function removeExtra(directory: string, group: readonly NamedJob[], placement: Placement): void {
  const existing = group.filter(({ job }) => job.inode.existed === true);
  const got = dump(directory, existing);
  for (const { name, job } of existing) {
    for (const attribute of extraNames([...(got.get(name)?.keys() ?? [])], job.xattrs)) {
      const text = decodeText(attribute);
      const removal =
        text === undefined
          ? "its name is not UTF-8"
          : run(directory, "setfattr", ["-h", "-x", text, "--", name]).reason(name);
      if (removal !== undefined) refuseXattr(placement, attribute, removal);
    }
  }
}

/** Sets everything, whatever of it is refused. Gives the reason for a name. */
function restore(directory: string, group: readonly NamedJob[]): (name: string) => string {
  let input = "";
  for (const { name, job } of group) {
    input += `# file: ${name}\n`;
    for (const [attribute, value] of job.xattrs) {
      input += `${escapeOctal(attribute)}=0s${Buffer.from(value, "latin1").toString("base64")}\n`;
    }
    input += "\n";
  }
  const { reason } = run(directory, "setfattr", ["-h", "--restore=-"], input);
  return (name) => reason(name) ?? "the system did not keep it";
}

/** The attributes of inodes, as far as they may be read. */
function dump(directory: string, group: readonly NamedJob[]): ReadonlyMap<string, Xattrs> {
  const found = new Map<string, Map<ByteString, ByteString>>();
  if (group.length === 0) return found;
  const names = group.map(({ name }) => name);
  const { output } = run(directory, "getfattr", [
    "-h",
    "-d",
    "-m",
    "-",
    "-e",
    "hex",
    "--",
    ...names,
  ]);
  let current = new Map<ByteString, ByteString>();
  for (const line of output.split("\n")) {
    const file = /^# file: (.*)$/.exec(line)?.[1];
    if (file !== undefined) found.set(file, (current = new Map()));
    const [, name, value] = /^([^=]+)(?:=0x(.*))?$/.exec(line) ?? [];
    if (name === undefined || file !== undefined) continue;
    current.set(unescapeOctal(name), fromBytes(Buffer.from(value ?? "", "hex")));
  }
  return found;
}

interface Run {
  readonly output: string;
  /** Why it could not do what was asked for an inode. */
  readonly reason: (name: string) => string | undefined;
}

function run(directory: string, command: string, args: readonly string[], input = ""): Run {
  const { stdout, stderr, error } = spawnSync(command, args, {
    cwd: directory,
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
    input,
    encoding: "latin1",
    maxBuffer: MOST_OUTPUT,
  });
  if (error !== undefined) return { output: "", reason: () => MISSING };
  const reasons = new Map<string, string>();
  for (const line of stderr.split("\n")) {
    const [, name, reason] = /^\w+: (.*): ([^:]*)$/.exec(line) ?? [];
    if (name !== undefined) reasons.set(name, escapeText(reason!));
  }
  return { output: stdout, reason: (name) => reasons.get(name) };
}

/** As setfattr reads it. */
function escapeOctal(name: ByteString): string {
  return name.replace(/[^\w.-]/g, (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

function unescapeOctal(text: string): ByteString {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  ) as ByteString;
}
