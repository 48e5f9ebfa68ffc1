// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import { OciError } from "../../oci/errors.ts";
import { changeEntry, type EntryEdit } from "./edit-entry.ts";
import type { Entry } from "../entry.ts";
import type { LayerParserOptions } from "../parse/layer-parser.ts";
import { normalisePath } from "../normalise.ts";
import { readLayer, type LayerItem } from "../read-layer.ts";
import { writeLayer, type LayerInput } from "../write-layer.ts";

export type EditLayerOptions = LayerParserOptions & AbortOptions;

/**
 * A layer's uncompressed tar with every entry edited, in the same order, in the form that
 * `createLayerWriter` gives it: read and written at once, so that no content is ever held. What is
 * kept in memory is a path for each hard link and for each file that was moved or dropped.
 *
 * A hard link has to lead to the file that it led to: whoever moves a file changes the links to it
 * (`renamePaths` does), and whoever drops it drops them. Content that a hard link carries is left
 * out, as every reader takes the target's.
 * @throws OciError while reading: `invalid-argument` for a hard link whose target was dropped or moved
 * without it, `invalid-layer`, `path-escape`; as {@link readLayer} and {@link writeLayer}
 */
export function editLayer(tar: Bytes, edit: EntryEdit, options: EditLayerOptions = {}): Bytes {
  return writeLayer(editItems(readLayer(tar, options), edit, options.what ?? "layer"));
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

/** A hard link that was kept: its name, and the path that it now leads to. */
interface KeptLink {
  readonly path: ByteString;
  readonly target: ByteString;
}

/** Watches that each hard link leads where it led. */
interface LinkCheck {
  /** Takes an entry as it was and as it is. @throws OciError `invalid-argument` */
  add(entry: Entry, edited: Entry | undefined): void;
  /** @throws OciError `invalid-argument` for a link that was led away from a file of a layer below */
  finish(): void;
}

function createLinkCheck(what: string): LinkCheck {
  /** Where files are now that were elsewhere; undefined: dropped. */
  const moved = new Map<ByteString, ByteString | undefined>();
  /** By the path that a link led to. */
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
