// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import type { NodeType } from "../../rootfs/root-filesystem.ts";
import type { InodeStamp } from "../disk-node.ts";
import { formatBase64 } from "./format-mtree.ts";
import { TYPE_WORDS } from "./mtree-keywords.ts";
import { parseBase64 } from "./parse-mtree.ts";
import { formatVis, parseVis } from "./vis-encoding.ts";

/** A field that the disk does not show as in the image. Attributes are listed by name instead. */
export type HeldField = "owner" | "type" | "mode" | "time";

/** What only the sidecar keeps of a path, because the disk does not show it as in the image. */
export interface KeptFields {
  readonly held: readonly HeldField[];
  /** Attributes, each with the value that the disk had under that name, if any. */
  readonly heldXattrs: ReadonlyMap<ByteString, ByteString | undefined>;
}

/** What the disk showed at a path when it was proven, and what the sidecar keeps of it. */
export type ProvenInode = InodeStamp & KeptFields;

/** The first line of `placed`. */
const SIGNATURE = "#oci-kit placed 1";
const XATTR = "xattr.";
const NONE: readonly HeldField[] = [];
const NO_XATTRS: ReadonlyMap<ByteString, ByteString | undefined> = new Map();
const HELD: readonly string[] = ["owner", "type", "mode", "time"] satisfies HeldField[];
const TYPES = new Map(
  (Object.entries(TYPE_WORDS) as [NodeType, string][]).map(([type, word]) => [word, type]),
);

/** The line before the first path. */
export function startProvenInodes(): string {
  return `${SIGNATURE}\n`;
}

/** The line of one path: type, mode, uid, gid, size, mtime, ctime, inode, time of birth, and the fields that are kept. */
export function formatProvenInode(stamp: InodeStamp, { held, heldXattrs }: KeptFields): string {
  const { type, mode, uid, gid, size, mtimeNs, ctimeNs, ino, birthtimeNs } = stamp;
  let line =
    `${TYPE_WORDS[type]} ${mode.toString(8)} ${uid} ${gid} ${size}` +
    ` ${mtimeNs} ${ctimeNs} ${ino} ${birthtimeNs}`;
  for (const field of held) line += ` ${field}`;
  for (const [name, value] of heldXattrs) {
    line += ` ${XATTR}${formatVis(name)}`;
    if (value !== undefined) line += `=${formatBase64(value)}`;
  }
  return `${line}\n`;
}

/** Parses the lines of `placed`. @throws OciError `invalid-sidecar` that says which line */
export function* parseProvenInodes(lines: Iterable<string>): Generator<ProvenInode> {
  let number = 0;
  for (const line of lines) {
    number += 1;
    const placed = number === 1 ? undefined : parseLine(line);
    if (placed !== undefined) yield placed;
    else if (number > 1 || line !== SIGNATURE) {
      throw new OciError("invalid-sidecar", `line ${number} is not understood: ${quote(line)}`);
    }
  }
}

const LINE =
  /^([a-z]+) ([0-7]{1,4}) (\d{1,10}) (\d{1,10}) (\d{1,16}) (-?\d{1,20}) (-?\d{1,20}) (\d{1,20}) (-?\d{1,20})((?: [^ ]+)*)$/;

function parseLine(line: string): ProvenInode | undefined {
  const match = LINE.exec(line);
  const type = TYPES.get(match?.[1] ?? "");
  if (match === null || type === undefined) return undefined;
  const words = match[10] === "" ? [] : match[10]!.slice(1).split(" ");
  const held = words.filter((word): word is HeldField => HELD.includes(word));
  const heldXattrs = words.length === held.length ? NO_XATTRS : parseXattrs(words);
  if (heldXattrs === undefined || held.length + heldXattrs.size !== words.length) return undefined;
  return {
    type,
    mode: Number.parseInt(match[2]!, 8),
    uid: Number(match[3]),
    gid: Number(match[4]),
    size: Number(match[5]),
    mtimeNs: BigInt(match[6]!),
    ctimeNs: BigInt(match[7]!),
    ino: BigInt(match[8]!),
    birthtimeNs: BigInt(match[9]!),
    held: held.length === 0 ? NONE : held,
    heldXattrs,
  };
}

function parseXattrs(
  words: readonly string[],
): ReadonlyMap<ByteString, ByteString | undefined> | undefined {
  const held = new Map<ByteString, ByteString | undefined>();
  for (const word of words) {
    if (!word.startsWith(XATTR)) continue;
    const [name = "", ...rest] = word.slice(XATTR.length).split("=");
    const parsed = parseVis(name);
    const value = rest.length === 0 ? undefined : parseBase64(rest.join("="));
    if (parsed === undefined || (rest.length > 0 && value === undefined)) return undefined;
    held.set(parsed, value);
  }
  return held;
}
