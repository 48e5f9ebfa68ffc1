// SPDX-License-Identifier: MIT
import type { ByteString } from "../../../bytes/byte-string.ts";
import { throwIfAborted } from "../../../bytes/abort.ts";
import type { AbortOptions } from "../../../bytes/bytes.ts";
import type { DirectoryFilesystem } from "../../../disk/directory.ts";
import { systemCode } from "../../../files/system-error.ts";
import { isOciError } from "../../../oci/errors.ts";
import type { IgnoreMatcher, MatchState } from "../ignore/ignore-matcher.ts";
import { toEntry, type ContextEntry } from "./context-entry.ts";
import { findExport, SIDECAR_SUFFIX, type SavedExport } from "./saved-export.ts";

/** Options of {@link walkContext}. */
export interface WalkContextOptions extends AbortOptions {
  /** Called for a saved export that would be sent. Unless it returns true, nothing of the export is returned. */
  readonly onExport: (found: SavedExport) => boolean;
}

/** A directory whose names are being walked. */
interface OpenDirectory {
  readonly path: ByteString;
  readonly state: MatchState | undefined;
  readonly names: readonly ByteString[];
  /** The names in it that a sidecar may have. */
  readonly sidecars: ReadonlySet<ByteString>;
  /** Its own entry until that was returned: an ignored directory is sent if anything below it is. */
  entry: ContextEntry | undefined;
  next: number;
}

const ROOT = "" as ByteString;

/**
 * What BuildKit would be sent of a directory, in the order of the names' bytes, each directory before what it holds.
 * Nothing outside of the directory is looked at: links are entries, and are not followed. Holds no more than the names
 * of the directories that are open. Works synchronously; the signal is asked before each directory, and a caller who
 * wants it to be heard gives other tasks their turn in between.
 * @throws OciError `unreadable` for what is not ignored; `invalid-argument` for a pattern that BuildKit refuses;
 *   `aborted`
 */
export function* walkContext(
  root: DirectoryFilesystem,
  ignore: IgnoreMatcher,
  { onExport, signal }: WalkContextOptions,
): Generator<ContextEntry> {
  const open: OpenDirectory[] = [];
  const enter = (path: ByteString, state?: MatchState, entry?: ContextEntry): boolean => {
    throwIfAborted(signal, root.directory);
    const names = listNames(root, path, state?.isIgnored === true);
    const isSent = (name: string): boolean =>
      !ignore.match(join(path, name as ByteString), state).isIgnored;
    const found = findExport(root, {
      path,
      names,
      isSent,
      isSentItself: state?.isIgnored === false,
      hasNeighbour: open.at(-1)?.sidecars.has(nameOf(`${path}${SIDECAR_SUFFIX}`)) === true,
    });
    if (found !== undefined && !onExport(found)) return false;
    const sidecars = new Set(names.filter((name) => name.endsWith(SIDECAR_SUFFIX)));
    open.push({ path, state, names, sidecars, entry, next: 0 });
    return true;
  };
  enter(ROOT);
  for (let directory = open.at(-1); directory !== undefined; directory = open.at(-1)) {
    const name = directory.names[directory.next];
    directory.next += 1;
    if (name === undefined) {
      open.pop();
      continue;
    }
    const path = join(directory.path, name);
    const state = ignore.match(path, directory.state);
    if (state.isIgnored && !ignore.mayInclude(path)) continue;
    const node = root.lstat(`/${path}` as ByteString);
    if (node === undefined) continue;
    const entry = toEntry(path, node, ignore);
    if (entry.type === "directory" && !enter(path, state, entry)) continue;
    if (state.isIgnored) continue;
    yield* takeParents(open);
    if (entry.type !== "directory") yield entry;
  }
}

function* takeParents(open: readonly OpenDirectory[]): Generator<ContextEntry> {
  for (const directory of open) {
    if (directory.entry === undefined) continue;
    yield directory.entry;
    directory.entry = undefined;
  }
}

/** The names of a directory. One that has gone meanwhile, or is ignored and may not be read, has none. */
function listNames(
  root: DirectoryFilesystem,
  path: ByteString,
  isIgnored: boolean,
): readonly ByteString[] {
  try {
    return root.list(`/${path}` as ByteString);
  } catch (error) {
    if (path !== ROOT && isOciError(error, "not-found")) return [];
    const isForbidden = isOciError(error, "unreadable") && systemCode(error.cause) === "EACCES";
    if (isIgnored && isForbidden) return [];
    throw error;
  }
}

function nameOf(path: string): ByteString {
  return path.slice(path.lastIndexOf("/") + 1) as ByteString;
}

function join(directory: ByteString, name: ByteString): ByteString {
  return (directory === ROOT ? name : `${directory}/${name}`) as ByteString;
}
