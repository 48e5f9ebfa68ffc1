// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { procPath } from "../../files/proc-path.ts";
import { escapeText, fromText } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import { DiskNode, factsOf } from "../disk-node.ts";
import type { MetadataPolicy } from "../metadata-policy.ts";

/** A fifo or device to make. */
export interface SpecialFile {
  /** Letters, digits and `-`, not starting with `-`. */
  readonly name: string;
  readonly node: Node;
}

const SAFE_NAME = /^[0-9A-Za-z][-0-9A-Za-z]*$/;

/**
 * Makes fifos and devices in a directory, accessible to their owner alone, all with one process: Node has no
 * call for that. For each that cannot be made, an empty file is made, and the reason goes to `policy.refusals`.
 * @throws OciError `invalid-argument` for another name or type, `unwritable` when not even a file can be made
 */
export function makeSpecialFiles(
  directoryFd: number,
  files: readonly SpecialFile[],
  policy: MetadataPolicy,
): void {
  if (files.length === 0) return;
  const commands = files.map(commandFor);
  const directory = procPath(directoryFd);
  const { stderr, error } = spawnSync("sh", ["-s"], {
    cwd: directory,
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
    input: ["umask 077", ...commands, ""].join("\n"),
    encoding: "latin1",
    maxBuffer: 2 ** 30,
  });
  const reasonFor = error === undefined ? reasonsIn(stderr) : () => "sh can't be run here";
  for (const file of files) {
    if (isMade(`${directory}/${file.name}`, file)) continue;
    refuse(policy, file.node.type, reasonFor(file.name));
    makePlaceholder(`${directory}/${file.name}`);
  }
}

function commandFor({ name, node }: SpecialFile): string {
  const { type, deviceMajor, deviceMinor } = node;
  if (SAFE_NAME.test(name)) {
    if (type === "fifo") return `mkfifo ${name}`;
    const letter = type === "character" ? "c" : type === "block" ? "b" : undefined;
    if (letter !== undefined) return `mknod ${name} ${letter} ${deviceMajor} ${deviceMinor}`;
  }
  throw new OciError(
    "invalid-argument",
    `special file: expected a fifo or device with a plain name, got ${type} "${escapeText(name)}"`,
  );
}

/** The reason that the commands gave for a name: `mknod: 3-14: Operation not permitted`, or for all `sh: 2: mknod: not found`. */
function reasonsIn(messages: string): (name: string) => string {
  const lines = messages.split("\n");
  return (name) => {
    const line = lines.find((text) => text.includes(`${name}: `) || text.includes(`'${name}': `));
    const reason = line?.slice(line.lastIndexOf(": ") + 2);
    if (reason !== undefined) return escapeText(reason);
    return lines.some((text) => text.includes("not found"))
      ? "mknod and mkfifo are not installed here"
      : "the system did not make it";
  };
}

function isMade(path: string, { node }: SpecialFile): boolean {
  const stat = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return false;
  const made = new DiskNode(factsOf(stat), fromText(path), UNREAD);
  return (
    made.type === node.type &&
    made.deviceMajor === node.deviceMajor &&
    made.deviceMinor === node.deviceMinor
  );
}

const UNREAD = { head: () => undefined, xattrs: () => new Map<never, never>() };

function refuse({ refusals }: MetadataPolicy, type: Node["type"], reason: string): void {
  if (type !== "fifo" && type !== "character" && type !== "block") return;
  if (!refusals.special.has(type)) refusals.special.set(type, reason);
}

function makePlaceholder(path: string): void {
  try {
    fs.closeSync(fs.openSync(path, "wx", 0o600));
  } catch (cause) {
    throw new OciError("unwritable", `${path}: expected to make an empty file`, { cause });
  }
}
