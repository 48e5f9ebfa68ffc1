// SPDX-License-Identifier: MIT
import { statSync } from "node:fs";
import { join } from "node:path";
import { fileError } from "../../files/system-error.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { INDEX_FILE } from "../layout/layout-index.ts";
import type { LayoutStore } from "../layout/layout.ts";
import { namedRoots, type NamedRoot } from "./root-names.ts";

/** What index.json says, as repositories see it. */
export interface IndexView {
  /** The number of entries. */
  readonly count: number;
  /** For each repository its tags, and what they name. */
  readonly tags: ReadonlyMap<string, ReadonlyMap<string, NamedRoot>>;
  /** The entries whose names are no tag of any repository, and those without a name. */
  readonly unnamed: readonly Descriptor[];
}

/**
 * Reads index.json, whoever wrote it, and reads it again only after it has changed: it is always replaced, so
 * that its inode, times or size tell.
 */
export function watchIndex(layout: LayoutStore, own: string): () => Promise<IndexView> {
  let known: { readonly signature: string; readonly view: IndexView } | undefined;
  return async () => {
    const signature = signatureOf(join(layout.directory, INDEX_FILE));
    if (known?.signature === signature) return known.view;
    const view = viewOf(await layout.capabilities.roots(), own);
    // A change since the signature was taken gives another signature next time.
    known = { signature, view };
    return view;
  };
}

function signatureOf(path: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join(" ");
  } catch (error) {
    throw fileError("unreadable", path, error);
  }
}

function viewOf(roots: readonly Descriptor[], own: string): IndexView {
  const tags = new Map<string, Map<string, NamedRoot>>();
  const named = namedRoots(roots, own);
  for (const root of named) {
    const ofRepository = tags.get(root.repository) ?? new Map<string, NamedRoot>();
    tags.set(root.repository, ofRepository);
    // A full name comes before a bare one.
    if (!ofRepository.has(root.tag)) ofRepository.set(root.tag, root);
  }
  const isNamed = new Set(named.map(({ descriptor }) => descriptor));
  return { count: roots.length, tags, unnamed: roots.filter((root) => !isNamed.has(root)) };
}
