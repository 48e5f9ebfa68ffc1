// SPDX-License-Identifier: MIT
import { describe } from "../../bytes/describe.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Document } from "../../oci/documents/document.ts";
import type { ExecutionConfig, ImageConfig } from "../../oci/documents/image-config.ts";
import type { ImageIndex } from "../../oci/documents/image-index.ts";
import { respellKeys } from "../../oci/documents/fold-key.ts";
import { formatJson, parseJson } from "../../oci/json.ts";
import type { Manifest } from "../../oci/documents/manifest.ts";
import { MediaType } from "../../oci/media-types.ts";
import { parseConfig, parseIndex, parseManifest } from "../../oci/documents/parse-documents.ts";

/** Keys with their new values; undefined takes a key away. */
type Changes<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

type JsonObject = Readonly<Record<string, unknown>>;

/** What {@link rewriteConfig} changes. */
export interface ConfigChange {
  readonly image?: Changes<Omit<ImageConfig, "config">> | undefined;
  /** Below the key `config`. */
  readonly settings?: Changes<ExecutionConfig> | undefined;
}

/**
 * A configuration with some keys changed. Everything else stays as it was, unknown keys, order and nulls
 * too; only keys in another case than the specification's get that. When nothing differs it is the very same document; else an OCI one, whatever it was.
 */
export function rewriteConfig(
  document: Document<ImageConfig>,
  { image, settings }: ConfigChange,
): Document<ImageConfig> {
  const before = readObject(document);
  const config = withKeys((before["config"] ?? {}) as JsonObject, settings ?? {});
  const isChanged = config !== before["config"] && Object.keys(config).length > 0;
  const after = withKeys(isChanged ? { ...before, config } : before, image ?? {});
  if (isSame(before, after)) return document;
  const bytes = formatJson(after);
  return parseConfig(bytes, describe(MediaType.config, bytes));
}

/** A manifest with some keys changed; otherwise as {@link rewriteConfig}. */
export function rewriteManifest(
  document: Document<Manifest>,
  changes: Changes<Manifest>,
): Document<Manifest> {
  const before = readObject(document);
  const after = withKeys(before, changes);
  if (isSame(before, after)) return document;
  const bytes = formatJson({ ...after, mediaType: MediaType.manifest });
  return parseManifest(bytes, describe(MediaType.manifest, bytes));
}

/** An index with other children; otherwise as {@link rewriteConfig}. */
export function rewriteIndex(
  document: Document<ImageIndex>,
  manifests: readonly Descriptor[],
): Document<ImageIndex> {
  const before = readObject(document);
  const after = withKeys(before, { manifests });
  if (isSame(before, after)) return document;
  const bytes = formatJson({ ...after, mediaType: MediaType.index });
  return parseIndex(bytes, describe(MediaType.index, bytes));
}

/** The parsed value would not do: it has no nulls, and its keys are in another order. */
function readObject({ bytes, value }: Document<unknown>): JsonObject {
  return respell(parseJson(bytes), value) as JsonObject;
}

/** What was read with its keys as the parsed value spells them: a change beside `Config` would be a second `config`. */
function respell(read: unknown, value: unknown): unknown {
  if (!isObject(read) || !isObject(value) || Array.isArray(read)) return read;
  const { object } = respellKeys(read, Object.keys(value));
  return Object.fromEntries(
    Object.entries(object).map(([key, each]) => [key, respell(each, value[key])]),
  );
}

function withKeys(object: JsonObject, changes: JsonObject): JsonObject {
  let result = object;
  for (const [key, value] of Object.entries(changes)) {
    if (!isSame(object[key], value)) result = { ...result, [key]: value };
  }
  return result;
}

/** Equal whatever the order of keys; null is absent, as the Go tools have it. */
function isSame(a: unknown, b: unknown): boolean {
  const one = a ?? undefined;
  const other = b ?? undefined;
  if (!isObject(one) || !isObject(other)) return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].every((key) => isSame(one[key], other[key]));
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null;
}
