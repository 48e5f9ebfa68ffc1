// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import { once } from "../../bytes/bytes.ts";
import { decompress } from "../../bytes/compression.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import type { Image } from "../../image/image.ts";
import { readLayer } from "../../layer/read-layer.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { limitExceeded, withLimits, type Limits } from "../../oci/limits.ts";
import { layerCompression } from "../../oci/media-types.ts";
import type { TableCache } from "../layer-index/index-cache.ts";
import { invalidTable, parseTable, type TableEntry } from "./table-entries.ts";

/** Annotations of a layer's descriptor that say where its table of contents is, and which digest that has. */
export const TableAnnotation = {
  /** zstd:chunked: `offset:length:uncompressed length:type`. */
  zstdPosition: "io.github.containers.zstd-chunked.manifest-position",
  /** zstd:chunked: the digest of the table as it is compressed. */
  zstdChecksum: "io.github.containers.zstd-chunked.manifest-checksum",
  /** eStargz: the digest of the table's JSON. */
  stargzDigest: "containerd.io/snapshot/stargz/toc.digest",
} as const;

/** Whether a layer's descriptor says that the layer has a table of contents. */
export function hasTable({ annotations = {} }: Descriptor): boolean {
  return TableAnnotation.zstdChecksum in annotations || TableAnnotation.stargzDigest in annotations;
}

const LARGEST_COMPRESSED = 64 * 1024 * 1024;
const LARGEST_TABLE = 256 * 1024 * 1024;
/** Of a footer of eStargz; those of stargz, which has no digests, are shorter. */
const FOOTER = 51;

export interface FetchTableOptions extends AbortOptions {
  readonly limits?: Partial<Limits> | undefined;
  readonly cache?: TableCache | undefined;
}

/**
 * The entries of a layer by its table of contents, which is read by ranges; undefined when its descriptor names none.
 * Only the digest in the descriptor makes a table believed.
 * @throws OciError `digest-mismatch`, `invalid-layer`, `limit-exceeded`; what fetching and decompressing throw
 */
export async function fetchTable(
  image: Image,
  layer: number,
  options: FetchTableOptions = {},
): Promise<readonly TableEntry[] | undefined> {
  const descriptor = image.manifest.value.layers[layer]!;
  const { annotations = {} } = descriptor;
  const compression = layerCompression(descriptor.mediaType);
  const place = { image, descriptor, options };
  const position = annotations[TableAnnotation.zstdPosition];
  const checksum = annotations[TableAnnotation.zstdChecksum];
  if (compression === "zstd" && position !== undefined && checksum !== undefined) {
    return fetchChunked(place, position, checksum);
  }
  const digest = annotations[TableAnnotation.stargzDigest];
  return compression === "gzip" && digest !== undefined ? fetchStargz(place, digest) : undefined;
}

interface Place {
  readonly image: Image;
  readonly descriptor: Descriptor;
  readonly options: FetchTableOptions;
}

async function fetchChunked(
  place: Place,
  position: string,
  checksum: string,
): Promise<readonly TableEntry[]> {
  const [, ...numbers] = /^(\d{1,15}):(\d{1,15}):(\d{1,15}):1$/.exec(position) ?? [];
  const [offset, length, rawLength] = numbers.map(Number);
  if (offset === undefined || length === undefined || rawLength === undefined) {
    throw invalidTable("a position as 1:2:3:1", JSON.stringify(position).slice(0, 80));
  }
  const compressed = await kept(place, checksum, () => readPart(place, offset, length));
  requireDigest(compressed, checksum);
  const json = await readAll(
    decompress(once(compressed), "zstd", limited(place)),
    Math.min(rawLength, LARGEST_TABLE),
    "table of contents",
  );
  return parseTable(json, boundsOf(place, offset));
}

async function fetchStargz(place: Place, digest: string): Promise<readonly TableEntry[]> {
  const { size } = place.descriptor;
  const footer = async (): Promise<Uint8Array> => {
    const bytes = await readPart(place, size - FOOTER, FOOTER);
    const text = new TextDecoder("latin1").decode(bytes.subarray(16, 38));
    const [, hex] = /^([0-9a-f]{16})STARGZ$/.exec(text) ?? [];
    if (hex === undefined) throw invalidTable("a footer of eStargz", JSON.stringify(text));
    const offset = Number.parseInt(hex, 16);
    const part = await readPart(place, offset, size - FOOTER - offset);
    return Buffer.concat([Buffer.from(hex), part]);
  };
  // What is kept begins with the place of the table, which the digest of its JSON does not cover: it is only a bound.
  const found = await kept(place, digest, footer);
  const offset = Number.parseInt(new TextDecoder().decode(found.subarray(0, 16)), 16);
  const tar = decompress(once(found.subarray(16)), "gzip", limited(place));
  for await (const { entry, position, content } of readLayer(tar, limited(place))) {
    const json = await readAll(content, LARGEST_TABLE, "table of contents");
    requireDigest(json, digest);
    const range = { offset, end: size - FOOTER, skip: position.contentOffset };
    const own: TableEntry = { entry, hex: digestBytes(json).slice("sha256:".length), range };
    return [...parseTable(json, boundsOf(place, offset)), own];
  }
  throw invalidTable("a tar with the table", "an empty one");
}

function boundsOf({ options }: Place, contentEnd: number): Parameters<typeof parseTable>[1] {
  return { contentEnd, mostEntries: withLimits(options.limits).entries };
}

function limited({ options }: Place): { limits: FetchTableOptions["limits"]; what: string } {
  return { limits: options.limits, what: "table of contents" };
}

async function readPart(
  { image, descriptor, options }: Place,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  if (length > LARGEST_COMPRESSED) {
    throw limitExceeded({ what: "table of contents", allowed: LARGEST_COMPRESSED, unit: "bytes" });
  }
  if (length <= 0 || offset < 0 || offset + length > descriptor.size) {
    throw invalidTable(`a place inside ${descriptor.size} bytes`, `${offset} and ${length} bytes`);
  }
  const part: Bytes = image.store.fetchRange(descriptor, { offset, length }, options);
  return readAll(part, length, "table of contents");
}

/** What the cache has under a digest, or else what `fetch` gives, which is then kept. */
async function kept(
  { options: { cache } }: Place,
  digest: string,
  fetch: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const found = await cache?.read(digest).catch(() => undefined);
  if (found !== undefined) return found;
  const bytes = await fetch();
  await cache?.write(digest, bytes).catch(() => undefined);
  return bytes;
}

function requireDigest(bytes: Uint8Array, digest: string): void {
  const got = digestBytes(bytes);
  if (got === digest) return;
  throw new OciError(
    "digest-mismatch",
    `table of contents: expected ${digest.slice(0, 80)}, as the manifest says, got ${got}`,
  );
}

/** Whether an error means that a table is not to be used, and the layer itself is read instead. */
export function isUnusable(error: unknown): boolean {
  return UNUSABLE.some((code) => isOciError(error, code));
}

const UNUSABLE = [
  ...(["digest-mismatch", "size-mismatch", "invalid-layer", "path-escape"] as const),
  ...(["limit-exceeded", "truncated", "invalid-compression", "unsupported-compression"] as const),
  "invalid-digest",
] as const;
