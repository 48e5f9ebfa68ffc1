// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import { OciError } from "../../oci/errors.ts";
import { changeEntry, type EntryEdit } from "./edit-entry.ts";
import type { Entry } from "../entry.ts";
import type { LayerParserOptions } from "../parse/layer-parser.ts";
import { normalisePath } from "../normalise-path.ts";
import { readLayer, type LayerItem } from "../read-layer.ts";
import { writeLayer, type LayerInput } from "../write-layer.ts";

export type EditLayerOptions = LayerParserOptions & AbortOptions;

/**
 * Edits every entry of a layer's uncompressed tar. The order stays, and the result has the form that
 * `createLayerWriter` writes. It streams, so no content is held in memory; only a path for each hard link,
 * and for each file that was moved or dropped.
 *
 * A hard link must still lead to the same file: an edit that moves a file must also change the links to it
 * (`renamePaths` does), and one that drops a file must drop its links. If a hard link has content, the
 * content is left out, since every reader takes the target's.
 * @throws OciError while reading: `invalid-argument` for a hard link whose target was dropped or moved
 *   without the link; `invalid-layer`, `path-escape`; what {@link readLayer} and {@link writeLayer} throw
 */
export function editLayer(tar: Bytes, edit: EntryEdit, options: EditLayerOptions = {}): Bytes {
  const items = editItems(readLayer(tar, options), edit, options.what ?? "layer");
  return writeLayer(items, { limits: options.limits });
}

async function* editItems(
  items: AsyncIterable<LayerItem>,
  edit: EntryEdit,
  what: string,
): AsyncGenerator<LayerInput, void, undefined> {
  const links = createLinkCheck(what);
  for await (const { entry, content } of items) {
    const edited = edit(entry);
    links.add(entry, edited);
    if (edited === undefined) continue;
    if (edited.type === "hardlink" && edited.size > 0) {
      yield { entry: changeEntry(edited, { size: 0 }) };
    } else yield { entry: edited, content };
  }
  links.finish();
}

/** A hard link in the result: its own path, and the path that it leads to. */
interface KeptLink {
  readonly path: ByteString;
  readonly target: ByteString;
}

/** Checks that each hard link leads to the same file as before. */
interface LinkCheck {
  /** Records an entry before and after its edit. @throws OciError `invalid-argument` */
  add(entry: Entry, edited: Entry | undefined): void;
  /** @throws OciError `invalid-argument` for a link that led to a file of a lower layer and now leads elsewhere */
  finish(): void;
}

function createLinkCheck(what: string): LinkCheck {
  /** The new paths of files that were moved, by their old ones; undefined for files that were dropped. */
  const moved = new Map<ByteString, ByteString | undefined>();
  /** The links that were kept, by the path that they led to. */
  const kept = new Map<ByteString, KeptLink>();

  const addLink = (entry: Entry, edited: Entry): void => {
    const before = normalisePath(entry.linkTarget);
    const link = { path: edited.path, target: normalisePath(edited.linkTarget) };
    const place = moved.has(before) ? moved.get(before) : kept.get(before)?.target;
    const isKnown = moved.has(before) || kept.has(before);
    if (isKnown && place !== link.target) throw lostTarget(what, link, before, place);
    kept.set(before, link);
  };
  return {
    add(entry, edited) {
      if (entry.type === "directory") return;
      if (entry.type === "hardlink" && edited !== undefined) addLink(entry, edited);
      const before = normalisePath(entry.path);
      const after = edited && normalisePath(edited.path);
      const link = kept.get(before);
      if (link !== undefined && link.target !== after) throw lostTarget(what, link, before, after);
      if (after === before) moved.delete(before);
      else moved.set(before, after);
    },
    finish() {
      for (const [before, link] of kept) {
        if (link.target === before || moved.get(before) === link.target) continue;
        throw lostTarget(what, link, before, before);
      }
    },
  };
}

function lostTarget(
  what: string,
  link: KeptLink,
  before: ByteString,
  after: ByteString | undefined,
): OciError {
  const fate = after === undefined ? "is dropped" : `is at "${toText(after)}"`;
  return new OciError(
    "invalid-argument",
    `${what}: hard link "${toText(link.path)}": expected its target at "${toText(link.target)}", but "${toText(before)}" ${fate}`,
    {
      details: { path: link.path, target: link.target, before, after },
      hint: "Drop all names of a file together, and move them together.",
    },
  );
}
