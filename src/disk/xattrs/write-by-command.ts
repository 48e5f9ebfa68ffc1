// SPDX-License-Identifier: MIT
import { decodeText, escapeText, fromText } from "../../bytes/byte-string.ts";
import type { MetadataPolicy } from "../metadata-policy.ts";
import {
  escapeOctal,
  givenPath,
  parseComplaints,
  parseDump,
  runDump,
  runXattrCommand,
  type CommandEnd,
  type Xattrs,
} from "./xattr-command.ts";
import { setMode } from "../set-mode.ts";
import {
  ACCESS_ACL,
  allowWriting,
  DIFFERENT_MODE,
  extraNames,
  refuseXattr,
  type XattrJob,
} from "./write-xattrs.ts";

/** Inodes for each process. Their names must fit on a command line, and their file descriptors must all be open. */
const AT_ONCE = 200;
const MISSING = "install the package @napi-rs/xattr, or the commands setfattr and getfattr";

/** Inodes, by the paths that they have in the commands: there the same file descriptors have other numbers. */
interface Group {
  readonly jobs: ReadonlyMap<string, XattrJob>;
  /** The file descriptors that the commands get, in this order. */
  readonly fds: readonly number[];
}

/**
 * Sets the attributes and then the modes of inodes with the commands `setfattr` and `getfattr`, hundreds of
 * inodes with each process. Attributes are read back; missing ones go to `policy.refusals`.
 * @throws OciError `unwritable` when the system refuses a mode
 */
export function runXattrTool(jobs: readonly XattrJob[], policy: MetadataPolicy): void {
  for (let at = 0; at < jobs.length; at += AT_ONCE) {
    setIn(makeGroup(jobs.slice(at, at + AT_ONCE)), policy);
  }
}

function makeGroup(jobs: readonly XattrJob[]): Group {
  const byPath = new Map<string, XattrJob>();
  const fds: number[] = [];
  for (const job of jobs) {
    const path = job.inode.path.replace(/^\/proc\/self\/fd\/(\d+)/, (_, digits: string) => {
      const fd = Number(digits);
      if (!fds.includes(fd)) fds.push(fd);
      return givenPath(fds.indexOf(fd));
    });
    byPath.set(path, job);
  }
  return { jobs: byPath, fds };
}

/** A group with only some of the inodes. */
function only({ jobs, fds }: Group, wants: (job: XattrJob) => boolean): Group {
  return { jobs: new Map([...jobs].filter(([, job]) => wants(job))), fds };
}

function setIn(group: Group, policy: MetadataPolicy): void {
  for (const job of group.jobs.values()) allowWriting(job);
  removeExtra(
    only(group, ({ inode }) => inode.existed === true),
    policy,
  );
  const wanting = only(group, ({ xattrs }) => xattrs.size > 0);
  const reasonFor = restore(wanting);
  const got = dump(wanting);
  for (const [path, { xattrs }] of wanting.jobs) {
    for (const [name, value] of xattrs) {
      if (got(path)?.get(name) !== value) refuseXattr(policy, name, reasonFor(path));
    }
  }
  for (const job of group.jobs.values()) {
    if (job.type !== "symlink") setMode(job.inode, job.mode);
  }
  checkAccessAcls(
    only(group, ({ xattrs }) => xattrs.has(ACCESS_ACL)),
    policy,
  );
}

function checkAccessAcls(group: Group, policy: MetadataPolicy): void {
  const got = dump(group);
  for (const [path, { xattrs }] of group.jobs) {
    if (got(path)?.get(ACCESS_ACL) === xattrs.get(ACCESS_ACL)) continue;
    refuseXattr(policy, ACCESS_ACL, DIFFERENT_MODE);
  }
}

function removeExtra(group: Group, policy: MetadataPolicy): void {
  const got = dump(group);
  for (const [path, { xattrs }] of group.jobs) {
    for (const name of extraNames([...(got(path)?.keys() ?? [])], xattrs)) {
      const text = decodeText(name);
      const args = ["-h", "-x", text ?? "", "--", path];
      const reason =
        text === undefined
          ? "its name is not UTF-8"
          : reasonsIn(runXattrCommand("setfattr", args, group.fds))(path);
      if (reason !== undefined) refuseXattr(policy, name, reason);
    }
  }
}

/** Sets all attributes, even if some are refused. The result gives the reason for a path. */
function restore({ jobs, fds }: Group): (path: string) => string {
  if (jobs.size === 0) return () => "";
  let input = "";
  for (const [path, { xattrs }] of jobs) {
    input += `# file: ${escapeOctal(fromText(path))}\n`;
    for (const [name, value] of xattrs) {
      // An empty value has to be `""`: setfattr 2.5 ignores empty base64.
      const text = value === "" ? '""' : `0s${Buffer.from(value, "latin1").toString("base64")}`;
      input += `${escapeOctal(name)}=${text}\n`;
    }
    input += "\n";
  }
  const reasonFor = reasonsIn(runXattrCommand("setfattr", ["-h", "--restore=-"], fds, input));
  return (path) => reasonFor(path) ?? "the system did not keep it";
}

/** Reads the attributes of inodes, as far as they are readable. The result gives them for a path. */
function dump({ jobs, fds }: Group): (path: string) => Xattrs | undefined {
  if (jobs.size === 0) return () => undefined;
  const found = parseDump(runDump(["-h"], [...jobs.keys()], fds).stdout);
  return (path) => found.get(fromText(path));
}

/** The result gives the reason, if any, why the command failed for a path. */
function reasonsIn({ error, stderr }: CommandEnd): (path: string) => string | undefined {
  if (error !== undefined) return () => MISSING;
  const reasons = new Map(parseComplaints(stderr).map(({ path, reason }) => [path, reason]));
  return (path) => {
    const reason = reasons.get(fromText(path));
    return reason === undefined ? undefined : escapeText(reason);
  };
}
