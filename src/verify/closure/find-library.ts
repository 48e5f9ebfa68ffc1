// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { ElfHeader } from "../../elf/elf-header.ts";
import type { ElfObject } from "../../elf/read-elf.ts";
import { tracePath } from "../../rootfs/resolve-path.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import type { LoaderSettings } from "./loader-settings.ts";
import type { ReadObject } from "./read-object.ts";

/** An object that a loader has taken, and how it came there. */
export interface LoadedObject {
  /** The path by which it was loaded: `$ORIGIN` is its directory. */
  readonly path: ByteString;
  /** Its path without links. */
  readonly realPath: ByteString;
  readonly object: ElfObject;
  /** The object that needed it; undefined for the program. Its RPATH counts too. */
  readonly neededBy: LoadedObject | undefined;
}

/** A candidate that was passed over, or would have been taken. */
export interface Candidate {
  readonly path: ByteString;
  /** Its path without links. */
  readonly realPath: ByteString;
  readonly why: "wrong-machine" | "damaged" | "not-cached";
}

/** What looking for a library found. */
export interface FoundLibrary {
  /** Undefined when the loader would give up. */
  readonly loaded: LoadedObject | undefined;
  /** What was passed over on the way, for the explanation. */
  readonly passedOver: readonly Candidate[];
}

/** What all searches of one loader share. */
export interface LibrarySearch {
  readonly root: RootFilesystem;
  readonly settings: LoaderSettings;
  readonly read: ReadObject;
  /** What was found before, by what decides about it: programs share most of their libraries. */
  readonly known: Map<string, Promise<FoundLibrary>>;
}

/**
 * Looks for a library as the loader of the root would (ld.so(8), "DESCRIPTION"; musl's `load_library`):
 * a name with a slash is a path; else RPATH of the object and of those that needed it, unless it has a
 * RUNPATH; then RUNPATH; the cache; the default directories. A candidate for another machine is passed over.
 * `LD_LIBRARY_PATH` is not looked at: an image that needs it says so elsewhere.
 */
export function findLibrary(
  search: LibrarySearch,
  name: ByteString,
  neededBy: LoadedObject,
): Promise<FoundLibrary> {
  const key = JSON.stringify([name, ...decidingPaths(search, neededBy)]);
  const found = search.known.get(key) ?? lookFor(search, name, neededBy);
  search.known.set(key, found);
  return found;
}

/** The object, and those that needed it and whose run paths it inherits. */
function decidingPaths({ settings }: LibrarySearch, object: LoadedObject): readonly ByteString[] {
  const paths = [object.path];
  if (object.object.runPath.length > 0 && settings.kind === "glibc") return paths;
  for (let at = object.neededBy; at !== undefined; at = at.neededBy) {
    const { rPath, runPath } = at.object;
    if (rPath.length + runPath.length > 0) paths.push(at.path);
  }
  return paths;
}

async function lookFor(
  search: LibrarySearch,
  name: ByteString,
  neededBy: LoadedObject,
): Promise<FoundLibrary> {
  const passedOver: Candidate[] = [];
  for (const path of candidates(search, name, neededBy)) {
    const loaded = await tryCandidate(search, path, neededBy, passedOver);
    if (loaded !== undefined) return { loaded, passedOver };
  }
  await noteUncached(search, name, neededBy, passedOver);
  return { loaded: undefined, passedOver };
}

function* candidates(
  search: LibrarySearch,
  name: ByteString,
  neededBy: LoadedObject,
): Generator<ByteString, void, undefined> {
  if (name.includes("/")) {
    yield expandTokens(name, neededBy, search);
    return;
  }
  for (const directory of ownDirectories(search, neededBy))
    yield* inDirectory(search, directory, name);
  if (neededBy.object.noDefaultLibraries && search.settings.kind === "glibc") return;
  yield* search.settings.cache?.get(name) ?? [];
  for (const directory of search.settings.defaults) yield* inDirectory(search, directory, name);
}

/** The directories that the objects themselves name, in the loader's order. */
function* ownDirectories(
  search: LibrarySearch,
  neededBy: LoadedObject,
): Generator<ByteString, void, undefined> {
  const { runPath } = neededBy.object;
  // With glibc a RUNPATH silences every RPATH; in musl it counts like one, and both are inherited.
  const inherits = search.settings.kind === "musl" || runPath.length === 0;
  for (
    let at: LoadedObject | undefined = neededBy;
    inherits && at !== undefined;
    at = at.neededBy
  ) {
    const { object } = at;
    const isMusl = search.settings.kind === "musl";
    const paths = object.runPath.length === 0 ? object.rPath : isMusl ? object.runPath : [];
    for (const path of paths) yield expandTokens(path, at, search);
  }
  if (!inherits) for (const path of runPath) yield expandTokens(path, neededBy, search);
}

/** The library itself, after those that glibc would prefer on some processors (`glibc-hwcaps`). */
function* inDirectory(
  { root, settings }: LibrarySearch,
  directory: ByteString,
  name: ByteString,
): Generator<ByteString, void, undefined> {
  yield `${directory}/${name}` as ByteString;
  if (settings.kind === "musl") return;
  // Last, since which of them is taken depends on the processor: they must not hide that the common one is absent.
  const { node, path } = tracePath(root, `${directory}/glibc-hwcaps` as ByteString);
  if (node?.type !== "directory") return;
  for (const level of root.list(path)) yield `${path}/${level}/${name}` as ByteString;
}

const TOKEN = /\$(?:\{(ORIGIN|LIB|PLATFORM)\}|(ORIGIN|LIB|PLATFORM)\b)/g;

/** Puts in `$ORIGIN`, `$LIB` and `$PLATFORM` (ld.so(8), "Dynamic string tokens"). An empty path is the working directory: `/`. */
function expandTokens(text: ByteString, { path }: LoadedObject, search: LibrarySearch): ByteString {
  if (text === "") return "/" as ByteString;
  const origin = path.slice(0, Math.max(1, path.lastIndexOf("/")));
  const values: Readonly<Record<string, string>> = {
    ORIGIN: origin,
    LIB: (search.settings.defaults[0] ?? "/lib").replace(/^\/(usr\/)?/, ""),
    PLATFORM: platformOf(search.settings),
  };
  return text.replace(
    TOKEN,
    (_, braced?: string, bare?: string) => values[braced ?? bare ?? ""]!,
  ) as ByteString;
}

/** As Debian's directories call the machine: `x86_64`, `aarch64`, `riscv64`. */
function platformOf({ defaults }: LoaderSettings): string {
  return /\/([\w]+)-linux-/.exec(defaults.join("\n"))?.[1] ?? "";
}

async function tryCandidate(
  { root, read }: LibrarySearch,
  path: ByteString,
  neededBy: LoadedObject,
  passedOver: Candidate[],
): Promise<LoadedObject | undefined> {
  const { node, path: realPath } = tracePath(root, path);
  if (node?.type !== "file") return undefined;
  const found = await read(realPath, node);
  if (found.kind !== "elf") {
    passedOver.push({ path, realPath, why: "damaged" });
    return undefined;
  }
  if (!isSameMachine(found.object, neededBy.object)) {
    passedOver.push({ path, realPath, why: "wrong-machine" });
    return undefined;
  }
  return { path, realPath, object: found.object, neededBy };
}

/** Whether one object can be loaded beside the other. */
export function isSameMachine(one: ElfHeader, other: ElfHeader): boolean {
  return one.class === other.class && one.endian === other.endian && one.machine === other.machine;
}

/** Where there is no cache, a library in a directory of ld.so.conf is found once `ldconfig` has run. */
async function noteUncached(
  search: LibrarySearch,
  name: ByteString,
  neededBy: LoadedObject,
  passedOver: Candidate[],
): Promise<void> {
  for (const directory of search.settings.configured) {
    const path = `${directory}/${name}` as ByteString;
    const { node, path: realPath } = tracePath(search.root, path);
    if (node === undefined) continue;
    if ((await tryCandidate(search, path, neededBy, passedOver)) !== undefined) {
      passedOver.push({ path, realPath, why: "not-cached" });
    }
  }
}
