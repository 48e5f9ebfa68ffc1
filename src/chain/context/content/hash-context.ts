// SPDX-License-Identifier: MIT
import { fromText, toText, type ByteString } from "../../../bytes/byte-string.ts";
import type { AbortOptions } from "../../../bytes/bytes.ts";
import { openDirectory } from "../../../disk/directory.ts";
import { openIgnoreFile, type IgnoreFileOptions } from "../ignore/open-ignore-file.ts";
import type { ContextEntry } from "../walk/context-entry.ts";
import { createContextSizer, type ContextSize } from "../walk/context-size.ts";
import { exportsRefused, type SavedExport } from "../walk/saved-export.ts";
import { walkContext } from "../walk/walk-context.ts";
import { formatContextList, type ContextList } from "./context-list.ts";
import type { FileMemory } from "./file-memory.ts";
import { hashEntries } from "./hash-files.ts";

/** Options of {@link hashContext}. */
export interface HashContextOptions extends AbortOptions, IgnoreFileOptions {
  /** Where digests of unchanged files come from. Default: every file is read. */
  readonly memory?: FileMemory | undefined;
  /**
   * Paths in the context (without a leading `/`) whose saved layouts and unpacked directories are wanted. Others are
   * refused.
   */
  readonly allowExports?: readonly string[] | undefined;
}

/** Something of a context that its author can't have meant. */
export interface ContextWarning {
  readonly kind: "sent-empty";
  /** Without a leading `/`. */
  readonly path: ByteString;
  readonly message: string;
}

/** A context as BuildKit would be sent it. */
export interface HashedContext {
  /** The canonical digest is the list's. */
  readonly list: ContextList;
  readonly size: ContextSize;
  readonly warnings: readonly ContextWarning[];
}

/**
 * Reads a context as BuildKit would be sent it, and makes its canonical digest (see `formatContextList` for what
 * counts). Extended attributes do not count, although BuildKit sends them: a checkout has none.
 * @throws OciError `gate-refused` for saved layouts and unpacked directories in it; `not-found`, `unreadable`,
 *   `changed-meanwhile`, `aborted`; `invalid-argument`, `limit-exceeded` for an ignore file that BuildKit refuses
 */
export async function hashContext(
  directory: string,
  { memory, allowExports = [], signal, dockerfile }: HashContextOptions = {},
): Promise<HashedContext> {
  const ignore = openIgnoreFile(directory, { dockerfile });
  const allowed = new Set<string>(allowExports.map(fromText));
  const refused: SavedExport[] = [];
  const sizer = createContextSizer();
  const warnings: ContextWarning[] = [];
  const root = openDirectory(directory);
  try {
    const onExport = (found: SavedExport): boolean => {
      if (allowed.has(found.path)) return true;
      refused.push(found);
      return false;
    };
    const walk = walkContext(root, ignore, { onExport, signal });
    const entries = keep(walk, (entry) => {
      sizer.add(entry);
      if (entry.sentEmpty === "pattern") warnings.push(sentEmpty(entry.path));
      // All that is refused is looked for, but nothing is read of a context that is.
      return refused.length === 0;
    });
    const listed = await hashEntries(root, entries, { memory, signal });
    if (refused.length > 0) throw exportsRefused(directory, refused);
    await memory?.save();
    return { list: formatContextList(listed), size: sizer.finish(), warnings };
  } finally {
    root.close();
  }
}

function* keep(
  entries: Iterable<ContextEntry>,
  isKept: (entry: ContextEntry) => boolean,
): Generator<ContextEntry> {
  for (const entry of entries) if (isKept(entry)) yield entry;
}

function sentEmpty(path: ByteString): ContextWarning {
  return {
    kind: "sent-empty",
    path,
    message:
      `${toText(path)}: BuildKit sends this file without its content, because its directory is ignored twice with ` +
      "an ! in between. Leave one of the two patterns out.",
  };
}
