// SPDX-License-Identifier: MIT
import { type ByteString, toBytes } from "../../bytes/byte-string.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import { createHasher, digestBytes } from "../../bytes/hash.ts";
import type { DirectoryFilesystem } from "../../disk/directory.ts";
import { type Digest, diffIdOf, digestOf } from "../../oci/digest.ts";
import { type OciError, isOciError } from "../../oci/errors.ts";
import type { LayerIndexCache } from "../../rootfs/layer-index/index-cache.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { changeNode } from "../steps/planned-entry.ts";
import type { DirectoryInput } from "../recipe/recipe.ts";
import { joinPath } from "../recipe/recipe-path.ts";

/** A plain directory read as an artifact: owners, times and attributes as the recipe asks, contents digested. */
export interface PlainDirectory {
  readonly root: RootFilesystem;
  /** Over all paths, their metadata (as the recipe asks for it) and their contents. */
  readonly digest: Digest;
  /** The extended attributes that are missing from `root` because this machine can't read them. */
  readonly unread: UnreadXattrs | undefined;
}

export interface UnreadXattrs {
  /** How many files, directories and links may have such attributes. */
  readonly count: number;
  /** Why the first of them could not be read. */
  readonly reason: OciError;
}

export interface DigestDirectoryOptions extends AbortOptions {
  /** Keeps the digests of a directory's files for the next run. */
  readonly cache?: LayerIndexCache | undefined;
}

/**
 * Reads a directory as an artifact. Every file is digested, unless the cache has the digests and every file
 * still has the same size, inode and times of change.
 */
export async function readPlainDirectory(
  directory: DirectoryFilesystem,
  input: DirectoryInput,
  options: DigestDirectoryOptions,
): Promise<PlainDirectory> {
  const paths = [...walk(directory)];
  const contents = await digestContents(directory, paths, options);
  const adjusted = new Map<Node, Node>();
  let unread: UnreadXattrs | undefined;
  const xattrsOf = (node: Node): Node["xattrs"] => {
    try {
      return chooseXattrs(node, input.xattrs);
    } catch (error) {
      if (!isOciError(error, "unsupported-operation")) throw error;
      unread = { count: (unread?.count ?? 0) + 1, reason: unread?.reason ?? error };
      return NOTHING;
    }
  };
  const adjust = (path: ByteString, node: Node): Node => {
    const known = adjusted.get(node);
    if (known !== undefined) return known;
    const next = changeNode(node, {
      contentDigest: node.type === "file" ? contents.get(path) : undefined,
      xattrs: xattrsOf(node),
      ...(input.owner !== "keep" && (input.owner ?? { uid: 0, gid: 0 })),
      ...(input.times !== "keep" && { mtime: 0, mtimeNanoseconds: 0 }),
    });
    adjusted.set(node, next);
    return next;
  };
  const nodes = new Map(paths.map(([path, node]) => [path, adjust(path, node)]));
  const root: RootFilesystem = {
    name: directory.name,
    lstat: (path) => nodes.get(path),
    list: (path) => directory.list(path),
    read: (path, abort) => directory.read(path, abort),
  };
  return { root, digest: digestTree(nodes), unread };
}

const NOTHING: Node["xattrs"] = new Map();
/** SELinux's label: it comes from the machine's policy and says nothing about the file itself. */
const LABEL = "security.selinux" as ByteString;

/** The wanted attributes of a node. They are read only when the recipe wants any. */
function chooseXattrs(node: Node, wanted: DirectoryInput["xattrs"]): Node["xattrs"] {
  if (wanted === "drop") return NOTHING;
  const { xattrs } = node;
  if (wanted === "keep" || !xattrs.has(LABEL)) return xattrs;
  return new Map([...xattrs].filter(([name]) => name !== LABEL));
}

function* walk(root: RootFilesystem): Generator<[ByteString, Node]> {
  const pending: ByteString[] = ["/" as ByteString];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const node = root.lstat(path);
    if (node === undefined) continue;
    yield [path, node];
    if (node.type !== "directory") continue;
    for (const name of root.list(path)) pending.push(joinPath(path, name));
  }
}

async function digestContents(
  directory: DirectoryFilesystem,
  paths: readonly (readonly [ByteString, Node])[],
  options: DigestDirectoryOptions,
): Promise<ReadonlyMap<ByteString, Digest>> {
  const files = paths.filter(([, node]) => node.type === "file").map(([path]) => path);
  const stamps = files.map((path) => `${path}\0${directory.stamp(path) ?? ""}\n`).join("");
  const key = diffIdOf(digestBytes(toBytes(stamps as ByteString)));
  const kept = parseDigests(await options.cache?.read(key), files.length);
  const digests = kept ?? (await digestFiles(directory, files, options));
  if (kept === undefined) await options.cache?.write(key, formatDigests(digests));
  return new Map(files.map((path, at) => [path, digests[at]!]));
}

async function digestFiles(
  directory: DirectoryFilesystem,
  files: readonly ByteString[],
  options: AbortOptions,
): Promise<Digest[]> {
  const digests: Digest[] = [];
  for (const path of files) {
    const hasher = createHasher("sha256");
    for await (const chunk of directory.read(path, options)) hasher.update(chunk);
    digests.push(digestOf("sha256", hasher.hex()));
  }
  return digests;
}

const HEX_LENGTH = 64;

function formatDigests(digests: readonly Digest[]): Uint8Array {
  return toBytes(digests.map((digest) => digest.slice("sha256:".length)).join("") as ByteString);
}

/** Undefined for anything but the output of {@link formatDigests} for the same number of files. */
function parseDigests(bytes: Uint8Array | undefined, count: number): Digest[] | undefined {
  if (bytes?.length !== count * HEX_LENGTH) return undefined;
  const text = new TextDecoder().decode(bytes);
  if (!/^[0-9a-f]*$/.test(text)) return undefined;
  return Array.from({ length: count }, (_, at) =>
    digestOf("sha256", text.slice(at * HEX_LENGTH, (at + 1) * HEX_LENGTH)),
  );
}

function digestTree(nodes: ReadonlyMap<ByteString, Node>): Digest {
  const hasher = createHasher("sha256");
  const names = new Map<Node, ByteString>();
  for (const path of [...nodes.keys()].sort()) {
    const node = nodes.get(path)!;
    const first = names.get(node) ?? path; // hard links count for the tree's digest
    names.set(node, first);
    const { type, mode, uid, gid, mtime, mtimeNanoseconds, size } = node;
    const numbers = [mode, uid, gid, mtime, mtimeNanoseconds, size].join();
    const device = `${node.deviceMajor},${node.deviceMinor}`;
    const parts = [path, first, type, numbers, device, node.linkTarget, node.contentDigest ?? ""];
    parts.push(String(node.xattrs.size));
    for (const [name, value] of node.xattrs) parts.push(name, digestBytes(toBytes(value)));
    // no part can contain NUL
    hasher.update(toBytes(`${parts.join("\0")}\0\n` as ByteString));
  }
  return digestOf("sha256", hasher.hex());
}
