// SPDX-License-Identifier: MIT
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fromBytes, toBytes } from "../../bytes/byte-string.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { digestEncoded, knownAlgorithm, type DiffId, type Digest } from "../../oci/digest.ts";
import { defaultCacheDirectory } from "../../store/cache-directory.ts";
import { openDigestCache } from "../../store/digest-cache.ts";
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

const FILE = "facts";
/** To be raised with every change of what is kept or of how it is found out. */
const VERSION = 1;

/** Keeps facts in a directory, one file a layer. Default: `content-facts` in the user's cache directory. */
export function openFactsCache(
  directory: string = join(defaultCacheDirectory(), "content-facts"),
): FactsCache {
  const cache = openDigestCache(directory);
  return {
    async read(layer) {
      try {
        const place = await cache.get(keyOf(layer));
        return place === undefined ? undefined : parse(await readFile(join(place, FILE)));
      } catch {
        return undefined;
      }
    },
    async write(layer, facts) {
      const bytes = serialise(facts);
      try {
        const key = keyOf(layer);
        await (
          await cache.setAside(key)
        )?.();
        await cache.getOrCreate(key, (fresh) => writeFile(join(fresh, FILE), bytes));
      } catch {
        // The next look reads the layer again.
      }
    },
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

/** The digest of the JSON on a line, then the JSON. */
function serialise({ objects, texts }: LayerFacts): Uint8Array {
  const value: Serialised = {
    objects: [...objects],
    texts: [...texts].map(([digest, text]) => [
      digest,
      Buffer.from(toBytes(text)).toString("base64"),
    ]),
  };
  const json = Buffer.from(JSON.stringify(value));
  return Buffer.concat([Buffer.from(`${digestBytes(json)}\n`), json]);
}

function parse(bytes: Buffer): LayerFacts | undefined {
  const end = bytes.indexOf("\n");
  const json = bytes.subarray(end + 1);
  if (bytes.toString("latin1", 0, Math.max(end, 0)) !== digestBytes(json)) return undefined;
  const { objects, texts } = JSON.parse(json.toString()) as Serialised;
  return {
    objects: new Map(objects),
    texts: new Map(texts.map(([digest, text]) => [digest, fromBytes(Buffer.from(text, "base64"))])),
  };
}
