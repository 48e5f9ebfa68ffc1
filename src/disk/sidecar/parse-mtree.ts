// SPDX-License-Identifier: MIT
import { fromBytes, type ByteString } from "../../bytes/byte-string.ts";
import { isDigest } from "../../oci/digest.ts";
import type { OciError } from "../../oci/errors.ts";
import { makeBlankNode, type NodeDraft } from "../../rootfs/blank-node.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import { LINK, PAX, WORD_TYPES, XATTR } from "./mtree-keywords.ts";
import { parseVis } from "./vis-encoding.ts";

/** An entry of `tree.mtree`. */
export interface MtreeEntry {
  /** For a further name of a file, only its type counts. */
  readonly node: Node;
  /** For a further name of a file: the first one. */
  readonly link: ByteString | undefined;
}

/**
 * Parses the line of an entry and the comments that belong to it. Strict: any line that this library would not write is an
 * error.
 * @throws what `notUnderstood` makes for a line; lines count from 0
 */
export function parseEntry(
  lines: readonly string[],
  notUnderstood: (line: number) => OciError,
): MtreeEntry {
  const node = parseKeywords(lines[0]!);
  if (node === undefined) throw notUnderstood(0);
  const isLink = lines[1]?.startsWith(LINK) === true;
  const link = isLink ? parsePath(lines[1]!.slice(LINK.length)) : undefined;
  for (let at = 1; at < lines.length; at += 1) {
    const isFine = isLink ? at === 1 && link !== undefined : addComment(node, lines[at]!);
    if (!isFine) throw notUnderstood(at);
  }
  return { node, link };
}

function addComment(node: NodeDraft, line: string): boolean {
  if (line.startsWith(XATTR)) {
    return set(node, "xattrs", withPair(node.xattrs, line.slice(XATTR.length)));
  }
  return (
    line.startsWith(PAX) &&
    set(node, "extensions", withPair(node.extensions, line.slice(PAX.length)))
  );
}

function withPair(
  map: ReadonlyMap<ByteString, ByteString>,
  pair: string,
): ReadonlyMap<ByteString, ByteString> | undefined {
  const at = pair.indexOf("=");
  const name = parseVis(pair.slice(0, at));
  const value = parseBase64(pair.slice(at + 1));
  if (at === -1 || name === undefined || value === undefined || map.has(name)) return undefined;
  const own =
    map.size === 0 ? new Map<ByteString, ByteString>() : (map as Map<ByteString, ByteString>);
  return own.set(name, value);
}

/** The bytes that canonical base64 stands for; undefined for any other text. */
export function parseBase64(text: string): ByteString | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? fromBytes(bytes) : undefined;
}

/** Finds what cannot be part of a normalised path: an empty component, `.`, `..`, or a zero byte. */
const NO_NAME = /\/(?:\.{0,2})(?:\/|$)|\0/;

function parsePath(word: string): ByteString | undefined {
  const path = word.startsWith("./") ? parseVis(word.slice(1)) : undefined;
  return path === undefined || NO_NAME.test(path) ? undefined : path;
}

/** What the keywords after a path say. Called for every path of most trees, so it makes no lists. */
function parseKeywords(line: string): NodeDraft | undefined {
  const node = makeBlankNode("file", 0);
  node.linkCount = 1;
  let seen = 0;
  for (let space = line.indexOf(" "); space !== -1;) {
    const equals = line.indexOf("=", space);
    if (equals === -1) return undefined;
    const next = line.indexOf(" ", space + 1);
    const keyword = KEYWORDS.get(line.slice(space + 1, equals));
    if (keyword === undefined || (seen & keyword.bit) !== 0) return undefined;
    const value = line.slice(equals + 1, next === -1 ? line.length : next);
    if (!keyword.read(node, value)) return undefined;
    seen |= keyword.bit;
    space = next;
  }
  return (seen & REQUIRED) === REQUIRED ? node : undefined;
}

/** Sets the property that a keyword stands for; returns false when its value is malformed. */
type Reader = (node: NodeDraft, value: string) => boolean;

const READERS: Readonly<Record<string, Reader>> = {
  type: (node, value) => set(node, "type", WORD_TYPES.get(value)),
  mode: (node, value) =>
    set(node, "mode", /^[0-7]{4,5}$/.test(value) ? Number.parseInt(value, 8) : undefined),
  uid: (node, value) => set(node, "uid", parseNumber(value)),
  gid: (node, value) => set(node, "gid", parseNumber(value)),
  uname: (node, value) => set(node, "userName", parseVis(value)),
  gname: (node, value) => set(node, "groupName", parseVis(value)),
  nlink: (node, value) => set(node, "linkCount", parseNumber(value)) && node.linkCount! > 1,
  size: (node, value) => set(node, "size", parseNumber(value)),
  time: (node, value) => {
    const [, seconds, nanoseconds] = /^(-?\d{1,16})\.(\d{9})$/.exec(value) ?? [];
    node.mtimeNanoseconds = Number(nanoseconds);
    return set(node, "mtime", seconds === undefined ? undefined : Number(seconds));
  },
  link: (node, value) => set(node, "linkTarget", parseVis(value)),
  device: (node, value) => {
    const [, major, minor] = /^native,(\d{1,16}),(\d{1,16})$/.exec(value) ?? [];
    node.deviceMajor = Number(major);
    return set(node, "deviceMinor", minor === undefined ? undefined : Number(minor));
  },
  sha256digest: (node, value) => {
    const digest = `sha256:${value}`;
    return set(node, "contentDigest", isDigest(digest) ? digest : undefined);
  },
};

/** The readers, each with a bit of its own. */
const KEYWORDS: ReadonlyMap<string, { readonly read: Reader; readonly bit: number }> = new Map(
  Object.entries(READERS).map(([name, read], at) => [name, { read, bit: 1 << at }]),
);
const REQUIRED = ["type", "mode", "uid", "gid", "time"].reduce(
  (bits, name) => bits | KEYWORDS.get(name)!.bit,
  0,
);

function set<Key extends keyof NodeDraft>(
  node: NodeDraft,
  key: Key,
  value: NodeDraft[Key] | undefined,
): boolean {
  if (value !== undefined) node[key] = value;
  return value !== undefined;
}

function parseNumber(text: string): number | undefined {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : undefined;
  return Number.isSafeInteger(value) ? value : undefined;
}
