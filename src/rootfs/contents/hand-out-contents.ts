// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import type { Entry } from "../../layer/entry.ts";
import { writeHole } from "../../layer/parse/layer-grammar.ts";
import type { EntryPosition } from "../../layer/parse/layer-handler.ts";
import { classifyWhiteout } from "../../layer/whiteout.ts";
import { OciError } from "../../oci/errors.ts";
import type { LayerPass } from "./content-plan.ts";
import { createPassCursor, DAMAGED_INDEX } from "./pass-cursor.ts";
import type { LayerListener } from "./read-layer-once.ts";

/** An entry that has content of its own. */
export type FileEntry = Entry & { readonly type: "file" };

/** Receives the contents of files while their layer is read: only those it asked for. */
export interface ContentConsumer<Want> extends Pick<LayerListener, "ready" | "abandon"> {
  /** A file begins; `wants` are those who asked for it. `entry.size` bytes of content follow, then `finish`. */
  start(entry: FileEntry, position: EntryPosition, wants: readonly Want[]): void;
  /** The next part of the content. Valid during the call only. */
  data(chunk: Uint8Array): void;
  /** `length` zero bytes of a sparse file. Without this method holes come through `data`. */
  hole?(length: number): void;
  /** The file is complete. The layer is verified only at its own end. */
  finish(): void;
}

/**
 * Hands out the entries that a pass names, and requires that each of them is in the layer and is a file.
 * `what` names the layer in messages. @throws OciError from its methods: `invalid-layer`
 */
export function handOutPass<Want>(
  pass: LayerPass<Want>,
  consumer: ContentConsumer<Want>,
  what: string,
): LayerListener {
  const cursor = createPassCursor(pass, what);
  return handOut(consumer, {
    choose: (entry, { ordinal }) => {
      const wants = cursor.take(ordinal);
      if (wants.length === 0) return undefined;
      if (!isFile(entry)) throw noFile(entry, what);
      return { entry, wants };
    },
    checkEnd: () => cursor.checkEnd(),
  });
}

/** Hands out every file of a layer, whiteouts left out: for a layer whose index is not known yet, so that no plan can be made. */
export function handOutFiles(consumer: ContentConsumer<never>): LayerListener {
  return handOut(consumer, {
    choose: (entry) =>
      isFile(entry) && classifyWhiteout(entry.path) === undefined
        ? { entry, wants: NOBODY }
        : undefined,
    checkEnd: () => undefined,
  });
}

const NOBODY: readonly never[] = [];

interface Choice<Want> {
  /** The file and who wants it; undefined for an entry to skip. */
  readonly choose: (entry: Entry, position: EntryPosition) => Chosen<Want> | undefined;
  /** Called at the layer's end. */
  readonly checkEnd: () => void;
}

interface Chosen<Want> {
  readonly entry: FileEntry;
  readonly wants: readonly Want[];
}

function handOut<Want>(
  consumer: ContentConsumer<Want>,
  { choose, checkEnd }: Choice<Want>,
): LayerListener {
  let isOpen = false;
  const finish = (): void => {
    if (isOpen) consumer.finish();
    isOpen = false;
  };
  return {
    entry(entry, position) {
      finish();
      const chosen = choose(entry, position);
      if (chosen === undefined) return;
      isOpen = true;
      consumer.start(chosen.entry, position, chosen.wants);
    },
    data(chunk) {
      if (isOpen) consumer.data(chunk);
    },
    hole(length) {
      if (isOpen) writeHole(consumer, length);
    },
    ready: consumer.ready,
    end() {
      finish();
      checkEnd();
    },
    abandon: () => consumer.abandon?.(),
  };
}

function isFile(entry: Entry): entry is FileEntry {
  return entry.type === "file";
}

function noFile(entry: Entry, what: string): OciError {
  return new OciError(
    "invalid-layer",
    `${what}: ${toText(entry.path)}: expected a file, as its index says, got a ${entry.type}`,
    { details: { path: entry.path }, hint: DAMAGED_INDEX },
  );
}
