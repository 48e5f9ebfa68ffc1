// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { fromBytes, fromText, toBytes, type ByteString } from "../../src/bytes/byte-string.ts";
import { drain } from "../../src/bytes/streams/read-all.ts";
import { createHasher } from "../../src/bytes/hash.ts";
import type { ImageFilesystem } from "../../src/rootfs/image-filesystem.ts";
import type { Node, NodeType } from "../../src/rootfs/root-filesystem.ts";

/** All that a layer says about one path, in a form in which two readers can be compared. */
export interface Fact {
  readonly type: NodeType;
  readonly mode: string;
  readonly owner: string;
  /** `seconds.nanoseconds` since 1970, rounded down. */
  readonly mtime: string;
  /** For a file its size and sha256, for a link its target, for a device its numbers. */
  readonly content: string;
  readonly xattrs: Readonly<Record<string, string>>;
  /** The other names of the same inode. */
  readonly names: readonly string[];
}

/** The facts of a tree by path, the root being `/`. */
export type Facts = Readonly<Record<string, Fact>>;

interface Found {
  readonly path: string;
  readonly inode: unknown;
  readonly fact: Omit<Fact, "names">;
}

/** The facts of an image's merged tree, every file read and hashed. */
export async function factsOfImage(root: ImageFilesystem): Promise<Facts> {
  const found: Found[] = [];
  for (const [path, node] of root.paths()) {
    const fact: Found["fact"] = {
      type: node.type,
      mode: node.mode.toString(8),
      owner: `${node.uid}:${node.gid}`,
      mtime: time(BigInt(node.mtime) * NANO + BigInt(node.mtimeNanoseconds)),
      content: await contentOfNode(root, path, node),
      xattrs: sorted([...node.xattrs].map(([key, value]) => [key, hex(value)])),
    };
    found.push({ path, inode: node.type === "directory" ? path : node, fact });
  }
  return named(found);
}

async function contentOfNode(root: ImageFilesystem, path: ByteString, node: Node): Promise<string> {
  if (node.type === "symlink") return node.linkTarget;
  if (node.type === "character" || node.type === "block") {
    return `${node.deviceMajor}:${node.deviceMinor}`;
  }
  if (node.type !== "file") return "";
  const hasher = createHasher("sha256");
  const hashed = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of root.read(path)) {
      hasher.update(chunk);
      yield chunk;
    }
  };
  const size = await drain(hashed());
  const digest = `sha256:${hasher.hex()}`;
  if (digest !== node.contentDigest || size !== node.size) {
    throw new Error(`${path}: read ${size} ${digest}, indexed ${node.size} ${node.contentDigest}`);
  }
  return `${size} ${digest}`;
}

export interface FactsOfDirectoryOptions {
  /**
   * Leaves out names that a directory lists but that lead to nothing: overlayfs shows some whiteouts in this
   * way.
   */
  readonly skipsUnreachable?: boolean;
}

/** The facts of a directory on disk, extended attributes included. */
export function factsOfDirectory(directory: string, options: FactsOfDirectoryOptions = {}): Facts {
  const xattrs = readXattrs(directory, options);
  const found: Found[] = [];
  const visit = (path: ByteString): void => {
    const full = pathBytes(directory, path);
    const stat = options.skipsUnreachable
      ? lstatSync(full, { bigint: true, throwIfNoEntry: false })
      : lstatSync(full, { bigint: true });
    if (stat === undefined) return;
    const type = typeOf(stat);
    const fact = {
      type,
      mode: (stat.mode & 0o7777n).toString(8),
      owner: `${stat.uid}:${stat.gid}`,
      mtime: time(stat.mtimeNs),
      content: contentOfFile(full, type, stat),
      xattrs: xattrs.get(path) ?? {},
    };
    found.push({ path: path === "" ? "/" : path, inode: stat.ino, fact });
    if (type !== "directory") return;
    const names = readdirSync(full, { encoding: "buffer" }).map((name) => fromBytes(name));
    for (const name of names.sort()) visit(`${path}/${name}` as ByteString);
  };
  visit("" as ByteString);
  return named(found);
}

function pathBytes(directory: string, path: ByteString): Buffer {
  return Buffer.concat([Buffer.from(directory), toBytes(path)]);
}

function typeOf(stat: BigIntStats): NodeType {
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isCharacterDevice()) return "character";
  if (stat.isBlockDevice()) return "block";
  if (stat.isFIFO()) return "fifo";
  return stat.isSocket() ? "socket" : "file";
}

function contentOfFile(full: Buffer, type: NodeType, { rdev, size }: BigIntStats): string {
  if (type === "symlink") return fromBytes(readlinkSync(full, { encoding: "buffer" }));
  if (type === "character" || type === "block") {
    return `${((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn)}:${(rdev & 0xffn) | ((rdev >> 12n) & ~0xffn)}`;
  }
  return type === "file" ? `${size} sha256:${sha256(full)}` : "";
}

/** The sha256 of a file's content, in hex. */
export function sha256(full: Buffer | string): string {
  const hash = createHash("sha256");
  const file = openSync(full, "r");
  const chunk = Buffer.allocUnsafe(1 << 20);
  try {
    for (;;) {
      const length = readSync(file, chunk);
      if (length === 0) return hash.digest("hex");
      hash.update(chunk.subarray(0, length));
    }
  } finally {
    closeSync(file);
  }
}

/** The attributes by path below the directory. Read by getfattr, because Node can't. */
function readXattrs(
  directory: string,
  { skipsUnreachable }: FactsOfDirectoryOptions,
): Map<string, Record<string, string>> {
  const words = ["-R", "-P", "-h", "-d", "-m", "-", "-e", "hex", "--absolute-names", directory];
  const told = spawnSync("getfattr", words, { maxBuffer: 1 << 26 });
  if (told.status !== 0 && !skipsUnreachable)
    throw new Error(`getfattr: ${told.stderr.toString()}`);
  const text = fromBytes(told.stdout);
  const xattrs = new Map<string, Record<string, string>>();
  for (const block of text.split("\n\n")) {
    const [first = "", ...lines] = block.split("\n");
    if (!first.startsWith("# file: ")) continue;
    const full = first
      .slice(8)
      .replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
    const pairs = lines.map((line) => line.split("=0x") as [string, string]);
    xattrs.set(full.slice(fromText(directory).length), sorted(pairs));
  }
  return xattrs;
}

function sorted(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries([...pairs].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const NANO = 1_000_000_000n;

function time(nanoseconds: bigint): string {
  const rest = ((nanoseconds % NANO) + NANO) % NANO;
  return `${(nanoseconds - rest) / NANO}.${rest.toString().padStart(9, "0")}`;
}

function hex(value: ByteString): string {
  return Buffer.from(toBytes(value)).toString("hex");
}

function named(found: readonly Found[]): Facts {
  const names = new Map<unknown, string[]>();
  for (const { path, inode } of found) names.set(inode, [...(names.get(inode) ?? []), path]);
  const entries = found.map(({ path, inode, fact }): [string, Fact] => {
    const others = (names.get(inode) ?? []).filter((name) => name !== path).sort();
    return [path, { ...fact, names: others }];
  });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The paths whose facts differ, with both facts; fast for trees of any size. Times that differ by up to a
 * microsecond count as equal: Node 20 can't set them more exactly, and later versions miss by some hundred
 * nanoseconds.
 */
export function differingFacts(a: Facts, b: Facts): Record<string, (Fact | undefined)[]> {
  const paths = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  const differing = paths.filter((path) => !areSame(a[path], b[path]));
  return Object.fromEntries(differing.map((path) => [path, [a[path], b[path]]]));
}

function areSame(one: Fact | undefined, other: Fact | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  const apart = nanosecondsOf(one.mtime) - nanosecondsOf(other.mtime);
  const untimed = { mtime: "" };
  return (
    apart <= 1000n &&
    apart >= -1000n &&
    JSON.stringify({ ...one, ...untimed }) === JSON.stringify({ ...other, ...untimed })
  );
}

function nanosecondsOf(mtime: string): bigint {
  const [seconds = "", fraction = ""] = mtime.split(".");
  return BigInt(seconds) * NANO + BigInt(fraction);
}

function mapFacts(facts: Facts, map: (fact: Fact) => Fact): Facts {
  return Object.fromEntries(Object.entries(facts).map(([path, fact]) => [path, map(fact)]));
}

/** The facts without times, for trees in which a tool invents the times of implied directories. */
export function withoutTimes(facts: Facts): Facts {
  return mapFacts(facts, (fact) => ({ ...fact, mtime: "" }));
}
