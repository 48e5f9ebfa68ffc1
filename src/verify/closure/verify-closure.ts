// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import { elfArchitecture, formatElf, hasElfMagic } from "../../elf/elf-header.ts";
import type { ElfObject } from "../../elf/read-elf.ts";
import { takeTurns } from "../take-turns.ts";
import { tracePath } from "../../rootfs/resolve-path.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { walkFilesystem } from "../../rootfs/walk-filesystem.ts";
import {
  findLibrary,
  isSameMachine,
  type LibrarySearch,
  type LoadedObject,
} from "./find-library.ts";
import { readLoaderSettings, type LoaderSettings } from "./loader-settings.ts";
import type {
  ClosureFinding,
  ClosureFindingCode,
  ClosureReport,
  ProgramClosure,
} from "./closure-report.ts";
import { findLoader } from "./usual-loaders.ts";
import { createObjectReader, type ReadObject } from "./read-object.ts";

export interface VerifyClosureOptions extends AbortOptions {
  /** The programs and libraries to check. Default: every program of the root, which is what names a loader. */
  readonly paths?: readonly ByteString[] | undefined;
  /** How objects are read. Default: each by `root.read`. */
  readonly read?: ReadObject | undefined;
  /** Called now and then: how many of the programs of {@link paths} were followed. Never awaited. */
  readonly onProgram?: ((followed: number, total: number) => void) | undefined;
}

/**
 * Follows what each program needs as the root's own loader would: its loader, its libraries and theirs, for
 * the right machine, with the versions of symbols that are asked of them. Nothing is run. What a program
 * opens while it runs (`dlopen`) is not known here.
 * @throws what the root throws when it can't be read; OciError `aborted`
 */
export async function verifyClosure(
  root: RootFilesystem,
  options: VerifyClosureOptions = {},
): Promise<ClosureReport> {
  const closure: Closure = {
    root,
    options,
    read: options.read ?? createObjectReader(root, options),
    searches: new Map(),
    needs: new Map(),
    findings: new Map(),
  };
  const programs: ProgramClosure[] = [];
  const turn = takeTurns(options, `closure of ${root.name}`);
  let followed = 0;
  for (const [path, node] of options.paths === undefined
    ? objects(root)
    : named(closure, options.paths)) {
    const others = turn();
    if (others !== undefined) {
      if (options.paths !== undefined) options.onProgram?.(followed, options.paths.length);
      await others;
    }
    followed += 1;
    const program = await followProgram(closure, path, node, options.paths !== undefined);
    if (program !== undefined) programs.push(program);
  }
  const findings = [...closure.findings.values()];
  const { needs } = closure;
  return { name: root.name, programs, needs, findings, ok: findings.length === 0 };
}

interface Closure {
  readonly root: RootFilesystem;
  readonly options: VerifyClosureOptions;
  readonly read: ReadObject;
  /** By the loader: two of one root may have different default directories. */
  readonly searches: Map<ByteString, Promise<LibrarySearch>>;
  readonly needs: Map<ByteString, Set<ByteString>>;
  readonly findings: Map<string, ClosureFinding & { readonly programs: ByteString[] }>;
}

function* objects(root: RootFilesystem): Generator<[ByteString, Node]> {
  const seen = new Set<Node>();
  for (const [path, node] of walkFilesystem(root)) {
    if (node.type !== "file" || !hasElfMagic(node.head) || seen.has(node)) continue;
    if (node.linkCount !== 1) seen.add(node);
    yield [path, node];
  }
}

function* named(closure: Closure, paths: readonly ByteString[]): Generator<[ByteString, Node]> {
  for (const path of paths) {
    const found = tracePath(closure.root, path);
    if (found.node?.type === "file") yield [found.path, found.node];
    else reportObject(closure, "not-an-object", path, "expected an ELF object, got none there");
  }
}

async function followProgram(
  closure: Closure,
  path: ByteString,
  node: Node,
  isAskedFor: boolean,
): Promise<ProgramClosure | undefined> {
  const file = await closure.read(path, node);
  if (file.kind !== "elf") {
    if (file.kind === "damaged") reportObject(closure, "damaged-object", path, file.why);
    else if (isAskedFor)
      reportObject(closure, "not-an-object", path, "expected an ELF object, got another file");
    return undefined;
  }
  const { object } = file;
  // Without being asked for, a library is looked at with the programs that need it: only they say where it looks.
  if (!isAskedFor && object.interpreter === undefined && object.dynamic) return undefined;
  if (!isAskedFor && object.type === RELOCATABLE) return undefined;
  const loader = object.interpreter;
  const architecture = elfArchitecture(object);
  if (loader !== undefined && !(await checkLoader(closure, path, object, loader))) {
    return { path, architecture, loader, libraries: [] };
  }
  const libraries = object.dynamic ? await loadAll(closure, path, object) : [];
  return { path, architecture, loader, libraries };
}

const RELOCATABLE = 1;

async function checkLoader(
  closure: Closure,
  path: ByteString,
  object: ElfObject,
  loader: ByteString,
): Promise<boolean> {
  const found = tracePath(closure.root, loader);
  if (found.node?.type !== "file") {
    const message = `expected its loader ${toText(loader)} in the root, got none`;
    report(closure, { code: "loader-missing", path, program: path, needs: loader, message });
    return false;
  }
  const file = await closure.read(found.path, found.node);
  if (file.kind === "elf" && isSameMachine(file.object, object)) return true;
  const got = file.kind === "elf" ? `one for ${formatElf(file.object)}` : "no ELF object";
  const message = `expected its loader ${toText(loader)} for ${formatElf(object)}, got ${got}`;
  const foreign = file.kind === "elf" ? [found.path] : [];
  const code = "loader-wrong-machine";
  report(closure, { code, path, program: path, needs: loader, message, foreign });
  return false;
}

/** Loads breadth first, as loaders do: the first object of a name is taken for all who need that name. */
async function loadAll(
  closure: Closure,
  path: ByteString,
  object: ElfObject,
): Promise<readonly ByteString[]> {
  const search = await searchFor(closure, object);
  const { settings } = search;
  const program: LoadedObject = { path, realPath: path, object, neededBy: undefined };
  const byName = new Map<ByteString, LoadedObject>();
  const loaded = [program];
  for (const needing of loaded) {
    for (const name of needing.object.needed) {
      if (isBuiltIn(settings, name)) continue;
      const known = byName.get(name);
      const library = known ?? (await find(closure, search, name, needing, path));
      if (library === undefined) continue;
      noteNeed(closure, needing, library);
      if (known !== undefined) continue;
      byName.set(name, library);
      if (loaded.some(({ realPath }) => realPath === library.realPath)) continue;
      if (library.object.soname !== undefined) byName.set(library.object.soname, library);
      loaded.push(library);
    }
  }
  if (settings.kind === "glibc") checkVersions(closure, path, loaded, byName);
  return loaded.slice(1).map(({ realPath }) => realPath);
}

function noteNeed({ needs }: Closure, one: LoadedObject, other: LoadedObject): void {
  const known = needs.get(one.realPath);
  if (known === undefined) needs.set(one.realPath, new Set([other.realPath]));
  else known.add(other.realPath);
}

/** The loader decides how libraries are found; one that is asked about alone is taken to be loaded by its architecture's. */
function searchFor(closure: Closure, object: ElfObject): Promise<LibrarySearch> {
  const { root, read, options, searches } = closure;
  const loader = object.interpreter ?? findLoader(root, object);
  const open = async (): Promise<LibrarySearch> => {
    const settings = await readLoaderSettings(root, loader, options);
    return { root, settings, read, known: new Map() };
  };
  const search = searches.get(loader) ?? open();
  searches.set(loader, search);
  return search;
}

/** musl's loader is libc itself, and stands for these (ldso/dynlink.c, "reserved"). */
function isBuiltIn({ kind }: LoaderSettings, name: ByteString): boolean {
  return kind === "musl" && /^lib(c|pthread|rt|m|dl|util|xnet)\./.test(name);
}

async function find(
  closure: Closure,
  search: LibrarySearch,
  name: ByteString,
  needing: LoadedObject,
  program: ByteString,
): Promise<LoadedObject | undefined> {
  const found = await findLibrary(search, name, needing);
  if (found.loaded !== undefined) return { ...found.loaded, neededBy: needing };
  const clues = found.passedOver.map(({ path, why }) => `${toText(path)} ${CLUES[why]}`);
  const message = `needs ${toText(name)}, which is nowhere that its loader looks${clues.length === 0 ? "" : `: ${clues.join("; ")}`}`;
  const wrong = found.passedOver.filter(({ why }) => why === "wrong-machine");
  const foreign = wrong.map(({ realPath }) => realPath);
  const code = "library-missing";
  report(closure, { code, path: needing.realPath, program, needs: name, message, foreign });
  return undefined;
}

const CLUES = Object.freeze({
  "wrong-machine": "is for another machine",
  damaged: "is no ELF object",
  "not-cached":
    "is in a directory of ld.so.conf, which counts only once ldconfig has written ld.so.cache",
});

function checkVersions(
  closure: Closure,
  program: ByteString,
  loaded: readonly LoadedObject[],
  byName: ReadonlyMap<ByteString, LoadedObject>,
): void {
  for (const { object, realPath } of loaded) {
    for (const { library, version, weak } of object.neededVersions) {
      const provider = byName.get(library);
      if (weak || provider === undefined) continue;
      const { definedVersions } = provider.object;
      // glibc takes a library without any versions as it is.
      if (definedVersions.length === 0 || definedVersions.includes(version)) continue;
      const message = `needs ${toText(version)} of ${toText(library)}, which ${toText(provider.realPath)} does not have`;
      report(closure, {
        code: "version-missing",
        path: realPath,
        program,
        needs: version,
        message,
      });
    }
  }
}

/** A problem of one object itself, not of what it needs. */
function reportObject(
  closure: Closure,
  code: ClosureFindingCode,
  path: ByteString,
  message: string,
): void {
  report(closure, { code, path, program: path, needs: undefined, message });
}

interface Problem extends Pick<ClosureFinding, "code" | "path" | "needs" | "message"> {
  readonly program: ByteString;
  readonly foreign?: readonly ByteString[] | undefined;
}

function report({ findings }: Closure, problem: Problem): void {
  const { code, path, needs, program, message, foreign = [] } = problem;
  const key = JSON.stringify([code, path, needs]);
  const known = findings.get(key);
  if (known === undefined) {
    const sentence = `${toText(path)}: ${message}`;
    const programs = [program];
    findings.set(key, {
      code,
      severity: "error",
      path,
      needs,
      programs,
      foreign,
      message: sentence,
    });
  } else if (known.programs.at(-1) !== program) known.programs.push(program);
}
