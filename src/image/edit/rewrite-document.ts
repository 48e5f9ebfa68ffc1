// SPDX-License-Identifier: MIT
import { describe } from "../../bytes/describe-content.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Document } from "../../oci/documents/document.ts";
import type { ExecutionConfig, ImageConfig } from "../../oci/documents/image-config.ts";
import type { ImageIndex } from "../../oci/documents/image-index.ts";
import { respellKeys } from "../../oci/documents/fold-key.ts";
import { formatJson, parseJson } from "../../oci/json.ts";
import type { Manifest } from "../../oci/documents/manifest.ts";
import { MediaType } from "../../oci/media-types.ts";
import { parseConfig, parseIndex, parseManifest } from "../../oci/documents/parse-documents.ts";

/** New values by key; undefined removes the key. */
type Changes<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

type JsonObject = Readonly<Record<string, unknown>>;

/** What {@link rewriteConfig} changes. */
export interface ConfigChange {
  readonly image?: Changes<Omit<ImageConfig, "config">> | undefined;
  /** Changes of the object under the key `config`. */
  readonly settings?: Changes<ExecutionConfig> | undefined;
}

/**
 * Changes some keys of a configuration. Everything else stays, also unknown keys, the order of keys, and
 * nulls; only keys that differ from the specification's in upper and lower case get the right spelling. When
 * nothing differs, the same document is returned; otherwise a new one of OCI's media type, even if the old
 * one was Docker's.
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

/**
 * Changes some keys of a manifest, as {@link rewriteConfig} does.
 * @param mediaType that of the new manifest, OCI's or Docker's. A manifest of another type is a new one even if
 *   no key differs
 */
export function rewriteManifest(
  document: Document<Manifest>,
  changes: Changes<Manifest>,
  mediaType: string = MediaType.manifest,
): Document<Manifest> {
  const after = changedObject(document, changes, mediaType);
  if (after === undefined) return document;
  const bytes = formatJson(after);
  return parseManifest(bytes, describe(mediaType, bytes));
}

/** Changes some keys of an index, as {@link rewriteManifest} does. */
export function changeIndex(
  document: Document<ImageIndex>,
  changes: Changes<ImageIndex>,
  mediaType: string = MediaType.index,
): Document<ImageIndex> {
  const after = changedObject(document, changes, mediaType);
  if (after === undefined) return document;
  const bytes = formatJson(after);
  return parseIndex(bytes, describe(mediaType, bytes));
}

/** Replaces the children of an index, as {@link rewriteConfig} does. */
export function rewriteIndex(
  document: Document<ImageIndex>,
  manifests: readonly Descriptor[],
): Document<ImageIndex> {
  return changeIndex(document, { manifests }, MediaType.index);
}

/** Undefined if nothing differs. A document whose type is only OCI's instead of Docker's stays as it is. */
function changedObject(
  document: Document<unknown>,
  changes: JsonObject,
  mediaType: string,
): JsonObject | undefined {
  const before = readObject(document);
  const after = withKeys(before, changes);
  return isSame(before, after) ? undefined : { ...after, mediaType };
}

/** Parses the document's bytes again: its `value` lacks the nulls, and has the keys in another order. */
function readObject({ bytes, value }: Document<unknown>): JsonObject {
  return respell(parseJson(bytes), value) as JsonObject;
}

/**
 * What was read, with its keys spelled as in the parsed value: otherwise a new `config` could stand beside an
 * old `Config`.
 */
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
    if (isSame(object[key], value)) continue;
    result = { ...result, [key]: inOrderOf(object[key], value) };
  }
  return result;
}

/** The new value, with the keys of its objects in the order that those of the old value have. */
function inOrderOf(before: unknown, after: unknown): unknown {
  if (!isObject(before) || !isObject(after)) return after;
  if (Array.isArray(after)) {
    return after.map((value, at) =>
      inOrderOf((before as Readonly<Record<number, unknown>>)[at], value),
    );
  }
  const known = Object.keys(before).filter((key) => key in after);
  const keys = new Set([...known, ...Object.keys(after)]);
  return Object.fromEntries([...keys].map((key) => [key, inOrderOf(before[key], after[key])]));
}

/**
 * Whether two JSON values are equal. The order of keys does not count, and null equals an absent key, as for
 * the Go tools.
 */
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
