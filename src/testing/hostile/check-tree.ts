// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { lstatSync, readFileSync, readlinkSync, type BigIntStats } from "node:fs";
import { fromBytes, toBytes, toText, type ByteString } from "../../bytes/byte-string.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import type { Node, NodeType, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import type { TreeFact, TreeFacts } from "./hostile-case.ts";

const MOST_CONTENT = 1 << 20;

/** What a tree has at a path. */
interface Found {
  readonly type: NodeType;
  readonly mode: number;
  readonly mtime: number;
  readonly size: number;
  readonly linkTarget: string;
  /** Identifies the inode: the same for all its names. */
  readonly identity: unknown;
}

/** Whether this user is not allowed to see whether it is there. */
const HIDDEN = Symbol("hidden");

/** A tree whose paths can be looked at. */
interface Probe {
  lstat(path: ByteString): Found | undefined | typeof HIDDEN;
  content(path: ByteString): Promise<string | typeof HIDDEN>;
  /** Whether an empty file, or nothing, may be in place of a device or a pipe. */
  readonly hasPlaceholders: boolean;
}

/** Fails unless the facts hold in a filesystem in memory. */
export async function checkFilesystem(root: RootFilesystem, facts: TreeFacts): Promise<void> {
  await checkFacts(facts, {
    lstat(path) {
      const node = root.lstat(path);
      return node && { ...partsOf(node), identity: node };
    },
    content: async (path) => fromBytes(await readAll(root.read(path), MOST_CONTENT, path)),
    hasPlaceholders: false,
  });
}

function partsOf({ type, mode, mtime, size, linkTarget }: Node): Omit<Found, "identity"> {
  return { type, mode, mtime, size, linkTarget };
}

/** Fails unless the facts hold in a directory. Devices and pipes may be empty files there, or missing. */
export async function checkDirectory(directory: string, facts: TreeFacts): Promise<void> {
  const at = (path: ByteString): Buffer =>
    Buffer.concat([Buffer.from(directory), Buffer.from(toBytes(path))]);
  await checkFacts(facts, {
    lstat: (path) =>
      unlessHidden(() => {
        const stats = lstatSync(at(path), { throwIfNoEntry: false, bigint: true });
        return stats && describeStats(stats, at(path));
      }),
    content: (path) => Promise.resolve(unlessHidden(() => fromBytes(readFileSync(at(path))))),
    hasPlaceholders: true,
  });
}

function unlessHidden<T>(look: () => T): T | typeof HIDDEN {
  try {
    return look();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EACCES") return HIDDEN;
    if (code === "ENOTDIR") return undefined as T;
    throw error;
  }
}

function describeStats(stats: BigIntStats, path: Buffer): Found {
  const isLink = stats.isSymbolicLink();
  return {
    type: typeOf(stats),
    mode: Number(stats.mode & 0o7777n),
    mtime: Math.floor(Number(stats.mtimeNs) / 1e9),
    size: stats.isFile() ? Number(stats.size) : 0,
    linkTarget: isLink ? fromBytes(readlinkSync(path, { encoding: "buffer" })) : "",
    identity: stats.ino,
  };
}

function typeOf(stats: BigIntStats): NodeType {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isCharacterDevice()) return "character";
  if (stats.isBlockDevice()) return "block";
  return stats.isFIFO() ? "fifo" : "socket";
}

async function checkFacts(facts: TreeFacts, probe: Probe): Promise<void> {
  for (const [path, fact] of Object.entries(facts)) {
    await checkFact(path as ByteString, fact, probe);
  }
}

async function checkFact(path: ByteString, fact: TreeFact, probe: Probe): Promise<void> {
  const found = probe.lstat(path);
  const name = toText(path);
  if (found === HIDDEN) return;
  if (fact.type === "absent") {
    assert.equal(found?.type, undefined, `${name}: expected nothing, got a ${found?.type}`);
    return;
  }
  if (probe.hasPlaceholders && isSpecial(fact.type) && found?.type !== fact.type) {
    assert.ok(
      found === undefined || (found.type === "file" && found.size === 0),
      `${name}: expected a ${fact.type}, an empty file or nothing, got a ${found?.type}`,
    );
    return;
  }
  assert.ok(found !== undefined, `${name}: expected something, got nothing`);
  const got = { ...found, mode: found.mode & 0o777 };
  for (const key of ["type", "mode", "mtime", "size", "linkTarget"] as const) {
    if (fact[key] !== undefined) assert.equal(got[key], fact[key], `${name}: ${key}`);
  }
  if (fact.content !== undefined) {
    const content = await probe.content(path);
    if (content !== HIDDEN) assert.equal(content, fact.content, `${name}: content`);
  }
  if (fact.sameAs !== undefined) {
    const other = probe.lstat(fact.sameAs as ByteString);
    assert.ok(other !== undefined && other !== HIDDEN, `${fact.sameAs}: expected something`);
    assert.equal(other.identity, found.identity, `${name}: the same as ${fact.sameAs}`);
  }
}

function isSpecial(type: TreeFact["type"]): boolean {
  return type === "character" || type === "block" || type === "fifo" || type === "socket";
}
