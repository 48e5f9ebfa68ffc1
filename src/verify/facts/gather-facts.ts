// SPDX-License-Identifier: MIT
import { fromBytes, type ByteString } from "../../bytes/byte-string.ts";
import { hasElfMagic } from "../../elf/elf-header.ts";
import type { Digest } from "../../oci/digest.ts";
import { handOutFiles } from "../../rootfs/contents/hand-out-contents.ts";
import type { LayerListener } from "../../rootfs/contents/read-layer-once.ts";
import type { LayerIndex } from "../../rootfs/layer-index/layer-index.ts";
import type { LoadedFile } from "../closure/read-object.ts";
import { LARGEST_TEXT, type LayerFacts } from "./layer-facts.ts";
import { readPushed, type PushedObject } from "./pushed-object.ts";
import { mayBeSetting } from "./settings-files.ts";

/** Gathers facts while a layer is read for its index, so that it is not read for them again. */
export interface FactsGatherer {
  readonly listener: LayerListener;
  /** The facts, by the digests that the layer's index has. Call it after the layer's end. */
  facts(index: LayerIndex): LayerFacts;
}

/** What all texts of a layer may take. Those beyond it are read when they are asked for. */
const MOST_TEXTS = 32 * 1024 * 1024;

/**
 * Gathers what all ELF objects of a layer say, and the files that have names of settings: which of them count
 * is not known before all layers are indexed. What could not be gathered is missing, and has to be read later.
 */
export function createFactsGatherer(): FactsGatherer {
  const objects = new Map<number, LoadedFile>();
  const texts = new Map<number, ByteString>();
  const running = new Set<Promise<void>>();
  let file: OpenFile | undefined;
  let textBytes = 0;
  const finish = (): void => {
    if (file === undefined) return;
    const { ordinal, object, text, size, got } = file;
    file = undefined;
    if (got !== size) return;
    if (text !== undefined) texts.set(ordinal, fromBytes(text));
    if (object === undefined) return;
    const done = object.result
      .then((loaded) => {
        if (loaded !== undefined) objects.set(ordinal, loaded);
      })
      .finally(() => running.delete(done));
    running.add(done);
  };
  const listener = handOutFiles({
    start({ path, size }, { ordinal, storedSize }) {
      file = undefined;
      if (storedSize !== size || size === 0) return;
      const isText = mayBeSetting(path) && size <= LARGEST_TEXT && textBytes + size <= MOST_TEXTS;
      if (isText) textBytes += size;
      const text = isText ? new Uint8Array(size) : undefined;
      file = { ordinal, size, got: 0, text, object: undefined };
    },
    data(chunk) {
      if (file === undefined) return;
      if (file.got === 0 && isObject(chunk)) file.object = readPushed(file.size);
      if (file.object === undefined && file.text === undefined) {
        file = undefined;
        return;
      }
      file.text?.set(chunk, file.got);
      file.object?.push(chunk);
      file.got += chunk.length;
    },
    hole: () => void (file = undefined),
    finish,
    ready: async () => {
      await file?.object?.ready();
      if (running.size > 0) await Promise.all(running);
    },
  });
  return { listener, facts: (index) => byDigest(index, objects, texts) };
}

/** Whether a file that begins with these bytes is an ELF object. */
function isObject(chunk: Uint8Array): boolean {
  return hasElfMagic(fromBytes(chunk.subarray(0, 4)));
}

/** A file whose bytes go by. */
interface OpenFile {
  readonly ordinal: number;
  readonly size: number;
  got: number;
  readonly text: Uint8Array | undefined;
  object: PushedObject | undefined;
}

function byDigest(
  { columns, digest }: LayerIndex,
  objects: ReadonlyMap<number, LoadedFile>,
  texts: ReadonlyMap<number, ByteString>,
): LayerFacts {
  const known = {
    objects: new Map<Digest, LoadedFile>(),
    texts: new Map<Digest, ByteString>(),
  };
  for (const [record, ordinal] of columns.ordinal.entries()) {
    const [object, text] = [objects.get(ordinal), texts.get(ordinal)];
    if (object === undefined && text === undefined) continue;
    const content = digest(columns.digest[record]!);
    if (content === undefined) continue;
    if (object !== undefined) known.objects.set(content, object);
    if (text !== undefined) known.texts.set(content, text);
  }
  return known;
}
