// SPDX-License-Identifier: MIT
import { fromBytes, type ByteString } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import type { InodeStamp } from "../disk-node.ts";
import { formatBase64 } from "./format-mtree.ts";
import { TYPE_WORDS, WORD_TYPES } from "./mtree-keywords.ts";
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
const NEWLINE = 10;
const NONE: readonly HeldField[] = [];
const NO_XATTRS: ReadonlyMap<ByteString, ByteString | undefined> = new Map();
const HELD: readonly string[] = ["owner", "type", "mode", "time"] satisfies HeldField[];

/** The line before the first path. */
export function startProvenInodes(): string {
  return `${SIGNATURE}\n`;
}

/** The line of one path: {@link formatStamp}, and the fields that are kept. */
export function formatProvenInode(stamp: InodeStamp, { held, heldXattrs }: KeptFields): string {
  let line = formatStamp(stamp);
  for (const field of held) line += ` ${field}`;
  for (const [name, value] of heldXattrs) {
    line += ` ${XATTR}${formatVis(name)}`;
    if (value !== undefined) line += `=${formatBase64(value)}`;
  }
  return `${line}\n`;
}

/** How a line starts: type, mode, uid, gid, size, mtime, ctime, inode, time of birth. */
function formatStamp(stamp: InodeStamp): string {
  const { type, mode, uid, gid, size, mtimeNs, ctimeNs, ino, birthtimeNs } = stamp;
  return (
    `${TYPE_WORDS[type]} ${mode.toString(8)} ${uid} ${gid} ${size}` +
    ` ${mtimeNs} ${ctimeNs} ${ino} ${birthtimeNs}`
  );
}

/** The content of `placed`. A line is parsed when it is asked for; they are numbered from 0 in the order of the paths. */
export interface ProvenInodes {
  readonly count: number;
  /** @throws OciError `invalid-sidecar` that says which line is not as this library writes it */
  readonly at: (number: number) => ProvenInode;
  /**
   * Whether an inode is in every respect as it was when it was proven. Compares text: numbers in decimal take less
   * time to write than to read.
   */
  readonly shows: (number: number, stamp: InodeStamp) => boolean;
  /** The number of the last line that is of an inode with this number. */
  readonly withNumber: (ino: bigint) => number | undefined;
}

/** Opens the content of `placed`. @throws OciError `invalid-sidecar` for another signature, or half a line */
export function openProvenInodes(text: Uint8Array): ProvenInodes {
  const starts = startsOfLines(text);
  const count = starts.length - 1;
  const line = (number: number): string => fromBytes(text, starts[number], starts[number + 1]! - 1);
  let inodes: ReadonlyMap<string, number> | undefined;
  return {
    count,
    at(number) {
      const proven = parseLine(line(number));
      if (proven === undefined) throw notUnderstood(number + 2, line(number));
      return proven;
    },
    shows(number, stamp) {
      const [expected, shown] = [line(number), formatStamp(stamp)];
      return expected === shown || expected.startsWith(`${shown} `);
    },
    withNumber(ino) {
      inodes ??= new Map(Array.from({ length: count }, (_, at) => [inodeOf(line(at)), at]));
      return inodes.get(`${ino}`);
    },
  };
}

/** Where the lines after the first one start, and after those the end of the text. */
function startsOfLines(text: Uint8Array): readonly number[] {
  const starts: number[] = [];
  for (let end = text.indexOf(NEWLINE); end !== -1; end = text.indexOf(NEWLINE, end + 1)) {
    starts.push(end + 1);
  }
  const [first = text.length, last = 0] = [starts[0], starts.at(-1)];
  const signature = fromBytes(text, 0, first);
  if (signature !== startProvenInodes()) throw notUnderstood(1, signature);
  if (last !== text.length) throw notUnderstood(starts.length + 1, fromBytes(text, last));
  return starts;
}

function notUnderstood(number: number, line: string): OciError {
  return new OciError("invalid-sidecar", `line ${number} is not understood: ${quote(line)}`);
}

/** The eighth word of a line. */
function inodeOf(line: string): string {
  let start = 0;
  for (let word = 1; word < 8; word += 1) start = line.indexOf(" ", start) + 1;
  return line.slice(start, line.indexOf(" ", start));
}

const LINE =
  /^([a-z]+) ([0-7]{1,4}) (\d{1,10}) (\d{1,10}) (\d{1,16}) (-?\d{1,20}) (-?\d{1,20}) (\d{1,20}) (-?\d{1,20})((?: [^ ]+)*)$/;

function parseLine(line: string): ProvenInode | undefined {
  const match = LINE.exec(line);
  const type = WORD_TYPES.get(match?.[1] ?? "");
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
