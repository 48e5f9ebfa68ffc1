// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import {
  decodeText,
  escapeText,
  fromBytes,
  fromText,
  type ByteString,
} from "../../bytes/byte-string.ts";
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

/** Inodes a process: their names have to fit a command line, their descriptors what may be open. */
const AT_ONCE = 200;
const MOST_OUTPUT = 2 ** 30;
const MISSING = "install the package @napi-rs/xattr, or the commands setfattr and getfattr";

type Xattrs = ReadonlyMap<ByteString, ByteString>;

/** Inodes by their paths in the commands, which have other numbers for the same descriptors. */
interface Group {
  readonly jobs: ReadonlyMap<string, XattrJob>;
  /** Open in the commands from number 3 on. */
  readonly descriptors: readonly number[];
}

/**
 * Sets the attributes and then the mode of inodes with the commands `setfattr` and `getfattr`, a process
 * for hundreds of them. They are read back: what is not there goes to `placement.refusals`.
 * @throws OciError `unwritable` when the system refuses a mode
 */
export function runXattrTool(jobs: readonly XattrJob[], placement: Placement): void {
  for (let at = 0; at < jobs.length; at += AT_ONCE) {
    setIn(makeGroup(jobs.slice(at, at + AT_ONCE)), placement);
  }
}

function makeGroup(jobs: readonly XattrJob[]): Group {
  const byPath = new Map<string, XattrJob>();
  const descriptors: number[] = [];
  for (const job of jobs) {
    const path = job.inode.path.replace(/^\/proc\/self\/fd\/(\d+)/, (_, digits: string) => {
      const fd = Number(digits);
      if (!descriptors.includes(fd)) descriptors.push(fd);
      return `/proc/self/fd/${FIRST_DESCRIPTOR + descriptors.indexOf(fd)}`;
    });
    byPath.set(path, job);
  }
  return { jobs: byPath, descriptors };
}

const FIRST_DESCRIPTOR = 3;

/** The same inodes, but only some of them. */
function only({ jobs, descriptors }: Group, wants: (job: XattrJob) => boolean): Group {
  return { jobs: new Map([...jobs].filter(([, job]) => wants(job))), descriptors };
}

function setIn(group: Group, placement: Placement): void {
  for (const job of group.jobs.values()) allowWriting(job);
  removeExtra(
    only(group, ({ inode }) => inode.existed === true),
    placement,
  );
  const wanting = only(group, ({ xattrs }) => xattrs.size > 0);
  const reasonFor = restore(wanting);
  const got = dump(wanting);
  for (const [path, { xattrs }] of wanting.jobs) {
    for (const [name, value] of xattrs) {
      if (got.get(path)?.get(name) !== value) refuseXattr(placement, name, reasonFor(path));
    }
  }
  for (const job of group.jobs.values()) {
    if (job.type !== "symlink") setMode(job.inode, job.mode);
  }
  checkAccessAcls(
    only(group, ({ xattrs }) => xattrs.has(ACCESS_ACL)),
    placement,
  );
}

function checkAccessAcls(group: Group, placement: Placement): void {
  const got = dump(group);
  for (const [path, { xattrs }] of group.jobs) {
    if (got.get(path)?.get(ACCESS_ACL) === xattrs.get(ACCESS_ACL)) continue;
    refuseXattr(placement, ACCESS_ACL, DIFFERENT_MODE);
  }
}

function removeExtra(group: Group, placement: Placement): void {
  const got = dump(group);
  for (const [path, { xattrs }] of group.jobs) {
    for (const name of extraNames([...(got.get(path)?.keys() ?? [])], xattrs)) {
      const text = decodeText(name);
      const args = ["-h", "-x", text ?? "", "--", path];
      const reason =
        text === undefined
          ? "its name is not UTF-8"
          : run("setfattr", args, group.descriptors).reason(path);
      if (reason !== undefined) refuseXattr(placement, name, reason);
    }
  }
}

/** Sets everything, whatever of it is refused. Gives the reason for a path. */
function restore({ jobs, descriptors }: Group): (path: string) => string {
  if (jobs.size === 0) return () => "";
  let input = "";
  for (const [path, { xattrs }] of jobs) {
    input += `# file: ${escapeOctal(fromText(path))}\n`;
    for (const [name, value] of xattrs) {
      // A base64 of nothing is passed over by setfattr 2.5.
      const text = value === "" ? '""' : `0s${Buffer.from(value, "latin1").toString("base64")}`;
      input += `${escapeOctal(name)}=${text}\n`;
    }
    input += "\n";
  }
  const { reason } = run("setfattr", ["-h", "--restore=-"], descriptors, input);
  return (path) => reason(path) ?? "the system did not keep it";
}

const DUMP = ["-h", "-d", "-m", "-", "-e", "hex", "--absolute-names", "--"];

/** The attributes of inodes, as far as they may be read. */
function dump({ jobs, descriptors }: Group): ReadonlyMap<string, Xattrs> {
  const found = new Map<string, Map<ByteString, ByteString>>();
  if (jobs.size === 0) return found;
  let current = new Map<ByteString, ByteString>();
  for (const line of run("getfattr", [...DUMP, ...jobs.keys()], descriptors).output.split("\n")) {
    const [, path, name, value] = /^(?:# file: (.*)|([^=]+)(?:=0x(.*))?)$/.exec(line) ?? [];
    if (path !== undefined) {
      current = new Map();
      found.set(decodeText(unescapeOctal(path)) ?? "", current);
    } else if (name !== undefined) {
      current.set(unescapeOctal(name), fromBytes(Buffer.from(value ?? "", "hex")));
    }
  }
  return found;
}

interface Run {
  readonly output: string;
  /** Why it could not do what was asked for a path. */
  readonly reason: (path: string) => string | undefined;
}

function run(
  command: string,
  args: readonly string[],
  descriptors: readonly number[],
  input = "",
): Run {
  const { stdout, stderr, error } = spawnSync(command, args, {
    stdio: ["pipe", "pipe", "pipe", ...descriptors],
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
    input,
    encoding: "latin1",
    maxBuffer: MOST_OUTPUT,
  });
  if (error !== undefined) return { output: "", reason: () => MISSING };
  const reasons = new Map<string, string>();
  for (const line of stderr.split("\n")) {
    const [, path, reason] = /^\w+: (.*): ([^:]*)$/.exec(line) ?? [];
    if (path !== undefined) reasons.set(decodeText(unescapeOctal(path)) ?? "", escapeText(reason!));
  }
  return { output: stdout, reason: (path) => reasons.get(path) };
}

/** As setfattr reads it. */
function escapeOctal(text: ByteString): string {
  return text.replace(
    /[^\w./-]/g,
    (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
}

function unescapeOctal(text: string): ByteString {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  ) as ByteString;
}
