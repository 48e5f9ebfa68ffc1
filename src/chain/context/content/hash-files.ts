// SPDX-License-Identifier: MIT
import { setImmediate } from "node:timers/promises";
import { toText, type ByteString } from "../../../bytes/byte-string.ts";
import type { AbortOptions } from "../../../bytes/bytes.ts";
import { createContentHasher } from "../../../disk/content-hasher.ts";
import type { DirectoryFilesystem } from "../../../disk/directory.ts";
import type { InodeStamp } from "../../../disk/disk-node.ts";
import { digestBytes } from "../../../bytes/hash.ts";
import type { Digest } from "../../../oci/digest.ts";
import { OciError } from "../../../oci/errors.ts";
import type { ContextEntry } from "../walk/context-entry.ts";
import type { FileMemory } from "./file-memory.ts";
import type { ListedEntry } from "./context-list.ts";

/** Options of {@link hashEntries}. */
export interface HashEntriesOptions extends AbortOptions {
  readonly memory?: FileMemory | undefined;
}

type Draft = { -readonly [Key in keyof ListedEntry]: ListedEntry[Key] };

/** Entries between two turns for other tasks, which may fire the signal. */
const TURN = 512;
const NO_CONTENT = digestBytes(new Uint8Array());

/**
 * Turns the entries of a walk into what counts of them. Files that the memory does not know are read, in several
 * threads if they are many.
 * @throws OciError `unreadable`; `changed-meanwhile` when a file changed while it was read; `aborted`
 */
export async function hashEntries(
  root: DirectoryFilesystem,
  entries: Iterable<ContextEntry>,
  { memory, signal }: HashEntriesOptions = {},
): Promise<readonly ListedEntry[]> {
  const hasher = createContentHasher();
  const listed: Draft[] = [];
  const failures: OciError[] = [];
  const read: { readonly entry: ContextEntry; readonly draft: Draft; readonly at: number }[] = [];
  try {
    for (const entry of entries) {
      const { path, type, mode, target, sentEmpty } = entry;
      const draft: Draft = { path, type, mode, content: target };
      listed.push(draft);
      if (type === "file") {
        const known = sentEmpty === undefined ? memory?.get(path, entry.stamp) : NO_CONTENT;
        draft.content = known ?? "";
        if (known === undefined) {
          read.push({ entry, draft, at: Date.now() });
          hasher.add(openContent(root, path), entry.size, (outcome) => {
            if ("digest" in outcome) draft.content = outcome.digest;
            else failures.push(contentUnreadable(root, path, outcome.failure));
          });
          await hasher.pause();
        }
      }
      if (listed.length % TURN === 0) await setImmediate();
    }
    await hasher.finish({ signal });
    if (failures[0] !== undefined) throw failures[0];
  } finally {
    await hasher.close();
  }
  for (const { entry, draft, at } of read) {
    requireSame(root, entry);
    memory?.set(entry.path, entry.stamp, draft.content as Digest, at);
  }
  return listed;
}

function openContent(root: DirectoryFilesystem, path: ByteString): number {
  try {
    return root.open(`/${path}` as ByteString);
  } catch (error) {
    if (!(error instanceof OciError)) throw error;
    throw new OciError(error.code, error.message, {
      details: error.details,
      cause: error.cause,
      hint: "BuildKit would send it empty, without a word. Make it readable, or add it to the ignore file.",
    });
  }
}

function contentUnreadable(root: DirectoryFilesystem, path: ByteString, reason: string): OciError {
  return new OciError("unreadable", `${root.directory}: ${toText(path)} can't be read: ${reason}`, {
    details: { path },
  });
}

/** A file that changes while it is read has a digest that belongs to neither content. */
function requireSame(root: DirectoryFilesystem, { path, stamp }: ContextEntry): void {
  const now = root.inode(`/${path}` as ByteString);
  const isSame = (key: keyof InodeStamp): boolean => now?.[key] === stamp[key];
  if (isSame("ino") && isSame("size") && isSame("mtimeNs") && isSame("ctimeNs")) return;
  throw new OciError(
    "changed-meanwhile",
    `${root.directory}: ${toText(path)}: expected a file that nobody writes to, it changed while it was read`,
    { details: { path }, hint: "Try again when it is written, or add it to the ignore file." },
  );
}
