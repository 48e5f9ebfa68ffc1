// SPDX-License-Identifier: MIT
import type { ByteString } from "../../../bytes/byte-string.ts";
import { digestBytes } from "../../../bytes/hash.ts";
import type { Digest } from "../../../oci/digest.ts";
import { OciError } from "../../../oci/errors.ts";
import type { EntryType } from "../walk/context-entry.ts";

/** What counts of one entry of a context. */
export interface ListedEntry {
  /** Without a leading `/`. */
  readonly path: ByteString;
  readonly type: EntryType;
  /** The twelve permission bits. */
  readonly mode: number;
  /** The digest of a file's content, the target of a link, `major:minor` of a device; else empty. */
  readonly content: string;
}

/**
 * The entries of a context as bytes: a line that names the format, then one of JSON for each entry, in the order of the
 * walk. Its digest is the context's, so that a list that was kept proves itself.
 */
export interface ContextList {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

/** To be changed with everything that gives the same context another list. */
const FORMAT = "oci-kit context 1";

/**
 * Writes the list of a context. What counts is what BuildKit hashes and copies: path, type, all permission bits (a
 * `COPY` keeps them), content, target. Times, owners, the order on the disk and the place of the context do not count.
 */
export function formatContextList(entries: Iterable<ListedEntry>): ContextList {
  const lines = [FORMAT];
  for (const { path, type, mode, content } of entries) {
    lines.push(JSON.stringify([path, type, mode, content]));
  }
  const bytes = new TextEncoder().encode(`${lines.join("\n")}\n`);
  return { digest: digestBytes(bytes), bytes };
}

/** Reads a list that was kept. @throws OciError `digest-mismatch` when it is not the one of the context */
export function parseContextList({ digest, bytes }: ContextList): readonly ListedEntry[] {
  const got = digestBytes(bytes);
  if (got !== digest) {
    throw new OciError("digest-mismatch", `list of a context: expected ${digest}, got ${got}`, {
      details: { expected: digest, got },
    });
  }
  const [, ...lines] = new TextDecoder().decode(bytes).split("\n").slice(0, -1);
  return lines.map((line) => {
    const [path, type, mode, content] = JSON.parse(line) as [ByteString, EntryType, number, string];
    return { path, type, mode, content };
  });
}
