// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { fromBytes, toBytes } from "../../bytes/byte-string.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { digestEncoded, knownAlgorithm, type DiffId, type Digest } from "../../oci/digest.ts";
import { defaultCacheDirectory } from "../../store/cache-directory.ts";
import { openKeptFiles } from "../../store/kept-files.ts";
import type { LoadedFile } from "../closure/read-object.ts";
import type { LayerFacts } from "./layer-facts.ts";

/** The layer that facts are about. Facts are kept only of a layer whose blob was read to its end and has this diffID. */
export interface LayerIdentity {
  readonly blob: Digest;
  readonly diffId: DiffId;
}

/** Keeps facts, so that a second look reads no layer. */
export interface FactsCache {
  /** Undefined when nothing, or nothing sound, is kept. */
  read(layer: LayerIdentity): Promise<LayerFacts | undefined>;
  /** Replaces what was kept. What can't be written is not kept, which is no error. */
  write(layer: LayerIdentity, facts: LayerFacts): Promise<void>;
}

/** To be raised with every change of what is kept or of how it is found out. */
const VERSION = 1;

/** Keeps facts in a directory, one file a layer. Default: `content-facts` in the user's cache directory. */
export function openFactsCache(
  directory: string = join(defaultCacheDirectory(), "content-facts"),
): FactsCache {
  const kept = openKeptFiles(directory);
  return {
    async read(layer) {
      const bytes = await kept.read(keyOf(layer));
      return bytes && parse(bytes);
    },
    write: (layer, facts) => kept.write(keyOf(layer), serialise(facts)),
  };
}

function keyOf({ blob, diffId }: LayerIdentity): string {
  const names = [blob, diffId].map(
    (digest) => `${knownAlgorithm(digest)}-${digestEncoded(digest)}`,
  );
  // Of both, because facts also say that the blob has this diffID.
  return `v${VERSION}-${digestEncoded(digestBytes(new TextEncoder().encode(names.join(" "))))}`;
}

interface Serialised {
  readonly objects: readonly [Digest, LoadedFile][];
  /** The bytes in base64. */
  readonly texts: readonly [Digest, string][];
}

function serialise({ objects, texts }: LayerFacts): Uint8Array {
  const value: Serialised = {
    objects: [...objects],
    texts: [...texts].map(([digest, text]) => [
      digest,
      Buffer.from(toBytes(text)).toString("base64"),
    ]),
  };
  return Buffer.from(JSON.stringify(value));
}

function parse(bytes: Uint8Array): LayerFacts {
  const { objects, texts } = JSON.parse(new TextDecoder().decode(bytes)) as Serialised;
  return {
    objects: new Map(objects),
    texts: new Map(texts.map(([digest, text]) => [digest, fromBytes(Buffer.from(text, "base64"))])),
  };
}
