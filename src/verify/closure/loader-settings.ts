// SPDX-License-Identifier: MIT
import { fromText, type ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import { compileGlob, isGlob } from "../../rootfs/glob.ts";
import { tracePath } from "../../rootfs/resolve-path.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { parseLoaderCache, type LoaderCache } from "./loader-cache.ts";
import { readSmall, readSmallBytes } from "./read-object.ts";

/** Where one loader of a root looks for libraries that no object gives a path for. */
export interface LoaderSettings {
  readonly kind: "glibc" | "musl";
  /** The directories that are always searched, in order. */
  readonly defaults: readonly ByteString[];
  /** glibc's cache; undefined when there is none, or none that can be read. */
  readonly cache: LoaderCache | undefined;
  /**
   * The directories of `ld.so.conf`. A loader never reads that file: `ldconfig` does, when it writes the
   * cache. So they count only as a hint where there is no cache.
   */
  readonly configured: readonly ByteString[];
}

const LARGEST_LOADER = 16 * 1024 * 1024;
const LARGEST_CACHE = 64 * 1024 * 1024;
const LARGEST_CONFIGURATION = 1024 * 1024;
const MOST_INCLUDED = 1000;

/**
 * The settings of the loader at a path of the root. Its default directories are compiled into it, and read
 * from there: they differ between distributions.
 */
export async function readLoaderSettings(
  root: RootFilesystem,
  loader: ByteString,
  options: AbortOptions = {},
): Promise<LoaderSettings> {
  const { node, path } = tracePath(root, loader);
  const kind = /(^|\/)ld-musl-[^/]*$/.test(loader) ? "musl" : "glibc";
  const text =
    node?.type === "file" ? await readSmall(root, path, node, LARGEST_LOADER, options) : undefined;
  if (kind === "musl") return readMusl(root, loader, text, options);
  const cacheFile = await readFile(root, fromText("/etc/ld.so.cache"), (found, at) =>
    readSmallBytes(root, at, found, LARGEST_CACHE, options),
  );
  return {
    kind,
    defaults: compiledDirectories(text ?? ("" as ByteString)) ?? GLIBC_DEFAULTS,
    cache: cacheFile === undefined ? undefined : parseLoaderCache(cacheFile),
    configured: await readConfiguration(root, options),
  };
}

const GLIBC_DEFAULTS = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"].map(fromText);
const MUSL_DEFAULTS = ["/lib", "/usr/local/lib", "/usr/lib"].map(fromText);

/** glibc's `system_dirs`: directories that end in a slash, each ended by a zero byte, one after another. */
const SYSTEM_DIRECTORIES = /(?:\/(?:[\w.+-]+\/)*lib[\w.+-]*\/(?:[\w.+-]+\/)*\0){2,}/;

function compiledDirectories(loader: ByteString): readonly ByteString[] | undefined {
  const [found] = SYSTEM_DIRECTORIES.exec(loader) ?? [];
  return found
    ?.split("\0")
    .filter((directory) => directory !== "")
    .map((directory) => directory.replace(/\/$/, "") as ByteString);
}

/** musl reads `/etc/ld-musl-<arch>.path` beside its loader's prefix, else it has a list compiled in. */
async function readMusl(
  root: RootFilesystem,
  loader: ByteString,
  text: ByteString | undefined,
  options: AbortOptions,
): Promise<LoaderSettings> {
  const [, architecture = ""] = /ld-musl-([^/]*)\.so\.1$/.exec(loader) ?? [];
  const list = await readFile(root, fromText(`/etc/ld-musl-${architecture}.path`), (node, path) =>
    readSmall(root, path, node, LARGEST_CONFIGURATION, options),
  );
  const compiled = /(?:\/[\w./+-]*lib[\w./+-]*:)+\/[\w./+-]*lib[\w./+-]*(?=\0)/.exec(
    text ?? "",
  )?.[0];
  const directories = (list ?? compiled)?.split(/[:\n]/).filter((one) => one !== "");
  return {
    kind: "musl",
    defaults: (directories as readonly ByteString[] | undefined) ?? MUSL_DEFAULTS,
    cache: undefined,
    configured: [],
  };
}

async function readFile<T>(
  root: RootFilesystem,
  path: ByteString,
  read: (node: Node, path: ByteString) => Promise<T | undefined>,
): Promise<T | undefined> {
  const found = tracePath(root, path);
  return found.node?.type === "file" ? read(found.node, found.path) : undefined;
}

/** The directories of `/etc/ld.so.conf` and of what it includes, in order (ldconfig(8)). */
async function readConfiguration(
  root: RootFilesystem,
  options: AbortOptions,
): Promise<readonly ByteString[]> {
  const directories: ByteString[] = [];
  const seen = new Set<ByteString>();
  const pending = [fromText("/etc/ld.so.conf")];
  for (let file = pending.shift(); file !== undefined; file = pending.shift()) {
    if (seen.has(file) || seen.size >= MOST_INCLUDED) continue;
    seen.add(file);
    const text = await readFile(root, file, (node, path) =>
      readSmall(root, path, node, LARGEST_CONFIGURATION, options),
    );
    const included: ByteString[] = [];
    for (const line of (text ?? "").split("\n")) {
      const words = line
        .replace(/#.*/, "")
        .trim()
        .split(/[\s:,]+/) as ByteString[];
      if (words[0] === "include")
        included.push(...words.slice(1).flatMap((one) => expand(root, one)));
      else directories.push(...words.filter((word) => word.startsWith("/")));
    }
    pending.unshift(...included);
  }
  return directories;
}

/** The files of a pattern as `/etc/ld.so.conf.d/*.conf`, sorted; a relative one is below `/etc`. */
function expand(root: RootFilesystem, pattern: ByteString): readonly ByteString[] {
  const whole = (pattern.startsWith("/") ? pattern : `/etc/${pattern}`) as ByteString;
  if (!isGlob(whole)) return [whole];
  const directory = whole.slice(0, whole.lastIndexOf("/")) as ByteString;
  const { node, path } = tracePath(root, directory);
  if (node?.type !== "directory") return [];
  const globs = compileGlob(whole);
  return root
    .list(path)
    .map((name) => `${directory}/${name}` as ByteString)
    .filter((file) => globs.some((glob) => glob.matches(file)));
}
