// SPDX-License-Identifier: MIT
import { escapeText, fromBytes, fromText, type ByteString } from "../../bytes/byte-string.ts";
import { follow, report, type Examination } from "./examination.ts";

/** Who a container runs as, as far as the image says it. */
export interface RunUser {
  /** Undefined when the user is named and not to be found. */
  readonly uid: number | undefined;
  readonly gids: readonly number[];
}

const NUMBER = /^\d{1,10}$/;
const PASSWD = fromText("/etc/passwd");
const GROUP = fromText("/etc/group");
const LARGEST = 16 * 1024 * 1024;

/**
 * The user and group of the configuration as container runtimes look them up: numbers are taken as they are,
 * names must be in `/etc/passwd` and `/etc/group` of the image. Without a user it is root, and nothing is read.
 */
export async function checkUser(examination: Examination): Promise<RunUser> {
  const [user = "", group = ""] = (examination.execution.User ?? "").split(":", 2);
  const account = await findAccount(examination, user);
  const groups = await readLines(examination, GROUP);
  const named = group === "" ? undefined : findGroup(examination, groups, group);
  const joined = groups
    .filter(
      ([, , , members = ""]) =>
        account?.name !== undefined && members.split(",").includes(account.name),
    )
    .map(([, , gid]) => Number(gid));
  const primary = named ?? account?.gid;
  return { uid: account?.uid, gids: primary === undefined ? joined : [primary, ...joined] };
}

interface Account {
  readonly name: string | undefined;
  readonly uid: number;
  readonly gid: number | undefined;
}

async function findAccount(examination: Examination, user: string): Promise<Account | undefined> {
  if (user === "" || user === "0") return { name: "root", uid: 0, gid: 0 };
  const accounts = await readLines(examination, PASSWD);
  const bytes = fromText(user);
  const found =
    accounts.find(([name]) => name === bytes) ??
    (NUMBER.test(user) ? accounts.find(([, , uid]) => Number(uid) === Number(user)) : undefined);
  if (found !== undefined) return { name: found[0], uid: Number(found[2]), gid: Number(found[3]) };
  if (NUMBER.test(user)) return { name: undefined, uid: Number(user), gid: 0 };
  const got = accounts.length === 0 ? "no such file, or an empty one" : "none of that name";
  report(examination, "user-missing", PASSWD, `expected the user ${escapeText(user)}, got ${got}`);
  return undefined;
}

function findGroup(
  examination: Examination,
  groups: readonly (readonly string[])[],
  group: string,
): number | undefined {
  const found = groups.find(([name]) => name === fromText(group));
  if (found !== undefined) return Number(found[2]);
  if (NUMBER.test(group)) return Number(group);
  const got = groups.length === 0 ? "no such file, or an empty one" : "none of that name";
  report(
    examination,
    "group-missing",
    GROUP,
    `expected the group ${escapeText(group)}, got ${got}`,
  );
  return undefined;
}

/** The lines of a file of colon-separated fields; none when it is absent. */
async function readLines(
  examination: Examination,
  file: ByteString,
): Promise<readonly (readonly string[])[]> {
  const { node, path } = follow(examination, file);
  if (node?.type !== "file" || node.size > LARGEST) return [];
  let text = "";
  for await (const chunk of examination.root.read(path, { signal: examination.signal })) {
    text += fromBytes(chunk);
  }
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.trim().split(":"));
}
