// SPDX-License-Identifier: MIT
import { fromBytes, fromText, toText, type ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { compileGlob, isGlob } from "../../rootfs/glob.ts";
import { tracePath } from "../../rootfs/resolve-path.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { parseLoaderCache, type LoaderCache } from "./loader-cache.ts";

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
  const program = await readSmall(root, loader, LARGEST_LOADER, options);
  const text = program === undefined ? ("" as ByteString) : fromBytes(program);
  if (/(^|\/)ld-musl-[^/]*$/.test(loader)) return readMusl(root, loader, text, options);
  const cache = await readSmall(root, fromText("/etc/ld.so.cache"), LARGEST_CACHE, options);
  return {
    kind: "glibc",
    defaults: compiledDirectories(text) ?? GLIBC_DEFAULTS,
    cache: cache && parseLoaderCache(cache),
    configured: (await readConfiguredDirectories(root, options)).map(({ directory }) => directory),
  };
}

const GLIBC_DEFAULTS = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"].map(fromText);
const MUSL_DEFAULTS = ["/lib", "/usr/local/lib", "/usr/lib"].map(fromText);

/** A list of directories that is compiled into a loader is never longer. */
const LONGEST_STRING = 1024;

/**
 * The strings of a loader that may be paths: they begin with a slash and end at a zero byte. The time that this
 * takes grows with the length of the text, whatever is in it: a loader is a file of the image, and may be hostile.
 */
function* pathsIn(text: ByteString): Generator<ByteString | undefined, void, undefined> {
  let start = 0;
  for (let end = text.indexOf("\0"); end >= 0; end = text.indexOf("\0", start)) {
    const isPath = text[start] === "/" && end - start <= LONGEST_STRING;
    yield isPath ? (text.slice(start, end) as ByteString) : undefined;
    start = end + 1;
  }
}

const PATH = /^[\w./+-]*$/;

/** Whether it is a path below some `lib`, `lib64`, … */
function isLibraryPath(path: string): boolean {
  return path.startsWith("/") && PATH.test(path) && path.includes("/lib");
}

/** glibc's `system_dirs`: at least two directories that end in a slash, one after another. */
function compiledDirectories(loader: ByteString): readonly ByteString[] | undefined {
  let found: ByteString[] = [];
  for (const path of pathsIn(loader)) {
    if (path?.endsWith("/") === true && isLibraryPath(path)) {
      found.push(path.slice(0, -1) as ByteString);
    } else {
      if (found.length >= 2) break;
      found = [];
    }
  }
  return found.length >= 2 ? found : undefined;
}

/** musl's list: directories with colons between them, in one string. */
function compiledList(loader: ByteString): ByteString | undefined {
  for (const list of pathsIn(loader)) {
    const directories = list?.split(":") ?? [];
    if (directories.length >= 2 && directories.every(isLibraryPath)) return list;
  }
  return undefined;
}

/** musl reads `/etc/ld-musl-<arch>.path` beside its loader's prefix, else it has a list compiled in. */
async function readMusl(
  root: RootFilesystem,
  loader: ByteString,
  text: ByteString,
  options: AbortOptions,
): Promise<LoaderSettings> {
  const [, architecture = ""] = /ld-musl-([^/]*)\.so\.1$/.exec(loader) ?? [];
  const list = await readText(root, fromText(`/etc/ld-musl-${architecture}.path`), options);
  const directories = (list ?? compiledList(text))?.split(/[:\n]/).filter((one) => one !== "");
  return {
    kind: "musl",
    defaults: (directories as readonly ByteString[] | undefined) ?? MUSL_DEFAULTS,
    cache: undefined,
    configured: [],
  };
}

/** The text of a file of settings; undefined when there is none, or one too large to be that. */
async function readText(
  root: RootFilesystem,
  path: ByteString,
  options: AbortOptions,
): Promise<ByteString | undefined> {
  const bytes = await readSmall(root, path, LARGEST_CONFIGURATION, options);
  return bytes && fromBytes(bytes);
}

/** The whole of a file that a path leads to; undefined when there is none, or it is larger than `most`. */
async function readSmall(
  root: RootFilesystem,
  path: ByteString,
  most: number,
  options: AbortOptions,
): Promise<Uint8Array | undefined> {
  const { node, path: place } = tracePath(root, path);
  if (node?.type !== "file" || node.size > most) return undefined;
  return readAll(root.read(place, options), most, toText(place));
}

/** A directory of libraries, and the file that names it. */
export interface ConfiguredDirectory {
  readonly directory: ByteString;
  readonly file: ByteString;
}

/**
 * The directories of `/etc/ld.so.conf` and of what it includes, in the order in which `ldconfig` takes them: what
 * a line includes comes where the line is (ldconfig(8)).
 */
export async function readConfiguredDirectories(
  root: RootFilesystem,
  options: AbortOptions,
): Promise<readonly ConfiguredDirectory[]> {
  const directories: ConfiguredDirectory[] = [];
  const seen = new Set<ByteString>();
  const read = async (file: ByteString): Promise<void> => {
    if (seen.has(file) || seen.size >= MOST_INCLUDED) return;
    seen.add(file);
    const text = await readText(root, file, options);
    for (const line of (text ?? "").split("\n")) {
      const words = line
        .replace(/#.*/, "")
        .trim()
        .split(/[\s:,]+/) as ByteString[];
      if (words[0] === "include") {
        for (const each of words.slice(1).flatMap((one) => expand(root, one))) await read(each);
      } else {
        for (const word of words)
          if (word.startsWith("/")) directories.push({ directory: word, file });
      }
    }
  };
  await read(fromText("/etc/ld.so.conf"));
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
