// SPDX-License-Identifier: MIT
import { fromText } from "../bytes/byte-string.ts";
import { once, sourceOf, type Bytes } from "../bytes/bytes.ts";
import { compress } from "../bytes/compression.ts";
import { describe } from "../bytes/describe-content.ts";
import { createHasher } from "../bytes/hash.ts";
import { makeEntry } from "../layer/make-entry.ts";
import { writeLayer, type LayerInput } from "../layer/write-layer.ts";
import type { Entry } from "../layer/entry.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { diffIdOf, digestOf, type DiffId } from "../oci/digest.ts";
import type { ExecutionConfig } from "../oci/documents/image-config.ts";
import { formatJson } from "../oci/json.ts";
import { layerMediaType, MediaType, type Compression } from "../oci/media-types.ts";
import type { Platform } from "../oci/platform.ts";
import type { ContentStore } from "../store/store.ts";

/**
 * The value of a path in a layer: the text or bytes of a file, the target of a link, or the fields of an
 * entry. A path that ends with `/` is a directory; `.wh.name` is a whiteout.
 */
export type LayerFile =
  | string
  | Uint8Array
  | { readonly symlink: string }
  | { readonly hardlink: string }
  | (Partial<Entry> & { readonly content?: string | Uint8Array | undefined });

/** The paths of a layer, in order. */
export type LayerFiles = Readonly<Record<string, LayerFile>>;

/** An image to build. */
export interface ImageSpec {
  readonly layers?: readonly LayerFiles[] | undefined;
  readonly platform?: Platform | undefined;
  readonly config?: ExecutionConfig | undefined;
  /** Default: gzip. */
  readonly compression?: Compression | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly tag?: string | undefined;
}

/** A built image and the descriptors of its content. */
export interface BuiltImage {
  /** Has a platform, as in an index. */
  readonly descriptor: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly diffIds: readonly DiffId[];
}

/** The default platform of a built image. */
export const TEST_PLATFORM: Platform = Object.freeze({ architecture: "amd64", os: "linux" });

/** The uncompressed tar of a layer. */
export function layerTar(files: LayerFiles): Bytes {
  return writeLayer(Object.entries(files).map(([path, file]) => layerInput(path, file)));
}

function layerInput(path: string, file: LayerFile): LayerInput {
  const at = fromText(path);
  if (typeof file === "string" || file instanceof Uint8Array) {
    return path.endsWith("/")
      ? { entry: makeEntry({ type: "directory", path: at }) }
      : withContent({}, path, file);
  }
  if ("symlink" in file) {
    const linkTarget = fromText(file.symlink);
    return { entry: makeEntry({ type: "symlink", path: at, linkTarget }) };
  }
  if ("hardlink" in file) {
    const linkTarget = fromText(file.hardlink);
    return { entry: makeEntry({ type: "hardlink", path: at, linkTarget }) };
  }
  const { content, ...parts } = file;
  if (content !== undefined) return withContent(parts, path, content);
  const type = path.endsWith("/") ? "directory" : "file";
  return { entry: makeEntry({ type, path: at, ...parts }) };
}

function withContent(
  parts: Partial<Entry>,
  path: string,
  content: string | Uint8Array,
): LayerInput {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const entry = makeEntry({ type: "file", path: fromText(path), size: bytes.length, ...parts });
  return { entry, content: once(bytes) };
}

/** Writes a layer into a store. */
export async function buildLayer(
  store: ContentStore,
  files: LayerFiles,
  compression: Compression = "gzip",
): Promise<{ readonly descriptor: Descriptor; readonly diffId: DiffId }> {
  const hasher = createHasher("sha256");
  const hashed = async function* (): Bytes & AsyncGenerator<Uint8Array> {
    for await (const chunk of layerTar(files)) {
      hasher.update(chunk);
      yield chunk;
    }
  };
  const bytes = compress(hashed(), compression);
  const descriptor = await store.ingest(layerMediaType(compression), bytes);
  return { descriptor, diffId: diffIdOf(digestOf("sha256", hasher.hex())) };
}

/** Builds an image of small layers in a store. The same spec always gives the same digests. */
export async function buildImage(store: ContentStore, spec: ImageSpec = {}): Promise<BuiltImage> {
  const platform = spec.platform ?? TEST_PLATFORM;
  const built = [];
  for (const files of spec.layers ?? []) {
    built.push(await buildLayer(store, files, spec.compression));
  }
  const diffIds = built.map(({ diffId }) => diffId);
  const layers = built.map(({ descriptor }) => descriptor);
  const config = await pushDocument(store, MediaType.config, {
    created: "1970-01-01T00:00:00Z",
    ...platform,
    config: spec.config ?? {},
    rootfs: { type: "layers", diff_ids: diffIds },
    history: layers.map(() => ({ created: "1970-01-01T00:00:00Z", created_by: "test" })),
  });
  const manifest = await pushDocument(store, MediaType.manifest, {
    schemaVersion: 2,
    mediaType: MediaType.manifest,
    config,
    layers,
    ...(spec.annotations && { annotations: spec.annotations }),
  });
  if (spec.tag !== undefined) await store.tag(manifest, spec.tag);
  return { descriptor: { ...manifest, platform }, config, layers, diffIds };
}

/** Options of {@link buildIndex}. */
export interface IndexSpec {
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly tag?: string | undefined;
}

/** Makes an index of images, or of anything else that has a descriptor, in a store that holds them. */
export async function buildIndex(
  store: ContentStore,
  children: readonly (BuiltImage | Descriptor)[],
  spec: IndexSpec = {},
): Promise<Descriptor> {
  const index = await pushDocument(store, MediaType.index, {
    schemaVersion: 2,
    mediaType: MediaType.index,
    manifests: children.map((child) => ("descriptor" in child ? child.descriptor : child)),
    ...(spec.annotations && { annotations: spec.annotations }),
  });
  if (spec.tag !== undefined) await store.tag(index, spec.tag);
  return index;
}

/** Pushes a JSON document, valid or not. */
export async function pushDocument(
  store: ContentStore,
  mediaType: string,
  value: unknown,
): Promise<Descriptor> {
  const bytes = formatJson(value);
  const descriptor = describe(mediaType, bytes);
  await store.push(descriptor, sourceOf(bytes));
  return descriptor;
}
