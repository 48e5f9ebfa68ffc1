// SPDX-License-Identifier: MIT
import { fromBytes, type ByteString } from "../../bytes/byte-string.ts";
import { digestOf } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import { makeBlankNode, type NodeDraft } from "../../rootfs/blank-node.ts";
import type { Node, NodeType } from "../../rootfs/root-filesystem.ts";
import { END, LINK, PAX, SIGNATURE, TYPE_WORDS, XATTR } from "./mtree-keywords.ts";
import { parseVis } from "./vis-encoding.ts";

/** An entry of `tree.mtree`. All names of one file have the same node. */
export type TreeEntry = [path: ByteString, node: Node];

interface DraftEntry {
  readonly path: ByteString;
  readonly node: NodeDraft;
  /** For a further name of a file: the node of the first one. */
  readonly first: Node | undefined;
}

const EMPTY = "" as ByteString;
const TYPES = new Map(
  (Object.entries(TYPE_WORDS) as [NodeType, string][]).map(([type, word]) => [word, type]),
);

/**
 * Parses the lines of `tree.mtree`. Strict: any line that this library would not write is an error.
 * @throws OciError `invalid-sidecar` that says which line
 */
export function* parseTree(lines: Iterable<string>): Generator<TreeEntry> {
  /** The files that have several names, by their first name. */
  const firsts = new Map<ByteString, Node>();
  let entry: DraftEntry | undefined;
  let [number, entries, hasEnded] = [0, 0, false];
  for (const line of lines) {
    number += 1;
    if (number === 1 ? line !== SIGNATURE : hasEnded) throw notUnderstood(number, line);
    if (number === 1) continue;
    if (line.startsWith(END)) {
      hasEnded = line === `${END}${entries}`;
      if (!hasEnded) throw notUnderstood(number, line);
    } else if (line.startsWith("#")) {
      entry = entry && addComment(entry, line, firsts);
      if (entry === undefined) throw notUnderstood(number, line);
    } else {
      if (entry !== undefined) yield [entry.path, entry.first ?? entry.node];
      entry = parseEntry(line);
      if (entry === undefined) throw notUnderstood(number, line);
      if (line.includes(" nlink=")) firsts.set(entry.path, entry.node);
      entries += 1;
    }
  }
  if (!hasEnded) throw notUnderstood(number + 1, "the end of the file");
  if (entry !== undefined) yield [entry.path, entry.first ?? entry.node];
}

function notUnderstood(number: number, line: string): OciError {
  return new OciError("invalid-sidecar", `line ${number} is not understood: ${quote(line)}`);
}

function addComment(
  entry: DraftEntry,
  line: string,
  firsts: ReadonlyMap<ByteString, Node>,
): DraftEntry | undefined {
  if (entry.first !== undefined) return undefined;
  if (line.startsWith(LINK)) {
    const first = firsts.get(parsePath(line.slice(LINK.length)) ?? EMPTY);
    return first?.type === entry.node.type ? { ...entry, first } : undefined;
  }
  const { node } = entry;
  if (line.startsWith(XATTR)) {
    const xattrs = withPair(node.xattrs, line.slice(XATTR.length));
    if (xattrs === undefined) return undefined;
    node.xattrs = xattrs;
    return entry;
  }
  const extensions = line.startsWith(PAX)
    ? withPair(node.extensions, line.slice(PAX.length))
    : undefined;
  if (extensions === undefined) return undefined;
  node.extensions = extensions;
  return entry;
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
  if (word === ".") return "/" as ByteString;
  const path = word.startsWith("./") ? parseVis(word.slice(1)) : undefined;
  return path === undefined || NO_NAME.test(path) ? undefined : path;
}

function parseEntry(line: string): DraftEntry | undefined {
  const [word = "", ...keywords] = line.split(" ");
  const path = parsePath(word);
  const node = makeBlankNode("file", 0);
  node.linkCount = 1;
  const seen = new Set<string>();
  for (const keyword of keywords) {
    const at = keyword.indexOf("=");
    const name = keyword.slice(0, at);
    if (seen.has(name) || READERS[name]?.(node, keyword.slice(at + 1)) !== true) return undefined;
    seen.add(name);
  }
  const isWhole = REQUIRED.every((name) => seen.has(name));
  return path !== undefined && isWhole ? { path, node, first: undefined } : undefined;
}

const REQUIRED = ["type", "mode", "uid", "gid", "time"];

/** Sets the property that a keyword stands for; returns false when its value is malformed. */
type Reader = (node: NodeDraft, value: string) => boolean;

const READERS: Readonly<Record<string, Reader>> = {
  __proto__: null as never,
  type: (node, value) => set(node, "type", TYPES.get(value)),
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
  sha256digest: (node, value) =>
    set(
      node,
      "contentDigest",
      /^[0-9a-f]{64}$/.test(value) ? digestOf("sha256", value) : undefined,
    ),
};

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
