// SPDX-License-Identifier: MIT
import { safeParse, type ZodMiniType } from "zod/mini";
import type { Descriptor } from "./descriptor.ts";
import type { Document } from "./document.ts";
import { OciError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import type { ImageConfig } from "./image-config.ts";
import type { ImageIndex } from "./image-index.ts";
import { parseJson } from "../json.ts";
import { findKey } from "./fold-key.ts";
import { limitExceeded, withLimits } from "../limits.ts";
import type { Limits } from "../limits.ts";
import type { Manifest } from "./manifest.ts";
import { isConfigType, isIndexType, isManifestType } from "../media-types.ts";
import { quote } from "../quote.ts";
import { configSchema, descriptorSchema, indexSchema, manifestSchema } from "./schemas.ts";

/** Options of the functions that parse a document. */
export interface ParseDocumentOptions {
  /** `documentBytes`, `jsonDepth` and `children` apply here. */
  readonly limits?: Partial<Limits> | undefined;
}

/** What distinguishes a kind of document from the others. */
interface Kind<T> {
  readonly noun: string;
  readonly code: ErrorCode;
  readonly schema: ZodMiniType<T>;
  readonly hasType: (mediaType: string) => boolean;
  /** Keys of other kinds of document: a body that has one could be read as both. */
  readonly foreignKeys: readonly string[];
  /** Paths of the lists that the limit `children` applies to. */
  readonly lists: readonly (readonly string[])[];
}

const MANIFEST: Kind<Manifest> = {
  noun: "manifest",
  code: "invalid-manifest",
  schema: manifestSchema,
  hasType: isManifestType,
  foreignKeys: ["manifests", "fsLayers"],
  lists: [["layers"]],
};

const INDEX: Kind<ImageIndex> = {
  noun: "index",
  code: "invalid-index",
  schema: indexSchema,
  hasType: isIndexType,
  foreignKeys: ["config", "layers", "fsLayers"],
  lists: [["manifests"]],
};

const CONFIG: Kind<ImageConfig> = {
  noun: "config",
  code: "invalid-config",
  schema: configSchema,
  hasType: isConfigType,
  foreignKeys: ["manifests", "layers", "fsLayers"],
  lists: [["rootfs", "diff_ids"], ["history"]],
};

/** Of smaller documents compiling the schema takes longer than checking without: 4 ms at the first of each kind. */
const WORTH_COMPILING = 64 * 1024;

const SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+";

/**
 * Checks a descriptor (image-spec, descriptor.md): the digest by the strict grammar, the size (a safe
 * non-negative integer), and that embedded `data` is base64 of exactly `size` bytes. Whoever reads `data`
 * verifies its digest, as for any other bytes. Unknown keys stay. Annotations may hold any text.
 * @param where For messages: where the descriptor stands, such as `index.json manifests[3]`.
 * @throws OciError `invalid-descriptor`
 */
export function parseDescriptor(value: unknown, where: string): Descriptor {
  return validate(descriptorSchema, value, "invalid-descriptor", where);
}

/**
 * Parses an image manifest, OCI's or Docker's schema 2, and keeps its bytes. The caller has verified that
 * `bytes` have the descriptor's digest; only type and size are compared here. A body that names another media
 * type than its descriptor, or that could also be read as an index, is refused (CVE-2021-41190).
 * @throws OciError `invalid-manifest`, `invalid-json`, `size-mismatch`, `limit-exceeded`;
 *   `unsupported-media-type` when the descriptor is not that of a manifest, or the body is Docker's schema 1
 */
export function parseManifest(
  bytes: Uint8Array,
  descriptor: Descriptor,
  options: ParseDocumentOptions = {},
): Document<Manifest> {
  return parseDocument(MANIFEST, bytes, descriptor, options);
}

/**
 * Parses an index, OCI's or Docker's manifest list; see {@link parseManifest}.
 * @throws OciError `invalid-index`, and what {@link parseManifest} throws besides
 */
export function parseIndex(
  bytes: Uint8Array,
  descriptor: Descriptor,
  options: ParseDocumentOptions = {},
): Document<ImageIndex> {
  return parseDocument(INDEX, bytes, descriptor, options);
}

/**
 * Parses an image's configuration, OCI's or Docker's; see {@link parseManifest}. An optional field that is
 * null or absent is absent from the value; a required one gets the zero value of its type, as Go reads it
 * (members of `Volumes`, an architecture, the diffIDs of an image without layers). That it has a diffID for
 * each layer is checked by `readImage`.
 * @throws OciError `invalid-config`, and what {@link parseManifest} throws besides
 */
export function parseConfig(
  bytes: Uint8Array,
  descriptor: Descriptor,
  options: ParseDocumentOptions = {},
): Document<ImageConfig> {
  return parseDocument(CONFIG, bytes, descriptor, options);
}

function parseDocument<T>(
  kind: Kind<T>,
  bytes: Uint8Array,
  descriptor: Descriptor,
  options: ParseDocumentOptions,
): Document<T> {
  const { mediaType, digest, size } = descriptor;
  const what = `${kind.noun} ${digest}`;
  if (!kind.hasType(mediaType)) throw unsupported(what, kind.noun, mediaType);
  if (bytes.length !== size) {
    throw new OciError(
      "size-mismatch",
      `${what}: expected ${size} bytes as its descriptor says, got ${bytes.length}`,
      { details: { digest, expected: size, got: bytes.length } },
    );
  }
  const body = parseJson(bytes, { what, limits: options.limits });
  checkKind(kind, body, what, mediaType);
  checkChildren(kind, body, what, withLimits(options.limits).children);
  const jitless = bytes.length < WORTH_COMPILING;
  return { descriptor, bytes, value: validate(kind.schema, body, kind.code, what, jitless) };
}

/** Refuses a body that another reader would take for another kind of document. */
function checkKind(kind: Kind<unknown>, body: unknown, what: string, mediaType: string): void {
  const claimed = valueAt(body, ["mediaType"]) ?? undefined;
  if (
    valueAt(body, ["schemaVersion"]) === 1 ||
    (typeof claimed === "string" && claimed.startsWith(SCHEMA_1))
  ) {
    throw unsupported(what, kind.noun, `${SCHEMA_1}json`);
  }
  if (claimed !== undefined && claimed !== mediaType) {
    throw new OciError(
      kind.code,
      `${what}: expected mediaType ${quote(mediaType)} as its descriptor says, got ${quote(claimed)}`,
      { details: { expected: mediaType, got: claimed } },
    );
  }
  const foreign = kind.foreignKeys.find((key) => (valueAt(body, [key]) ?? undefined) !== undefined);
  if (foreign !== undefined) {
    throw new OciError(
      kind.code,
      `${what}: expected nothing but the keys of ${article(kind.noun)}, got "${foreign}" too, which makes it ambiguous`,
      { details: { key: foreign } },
    );
  }
}

function checkChildren(kind: Kind<unknown>, body: unknown, what: string, children: number): void {
  for (const path of kind.lists) {
    const list = valueAt(body, path);
    if (Array.isArray(list) && list.length > children) {
      throw limitExceeded({
        what,
        limit: "children",
        allowed: children,
        got: list.length,
        unit: `members of ${path.join(".")}`,
      });
    }
  }
}

function validate<T>(
  schema: ZodMiniType<T>,
  value: unknown,
  code: ErrorCode,
  where: string,
  jitless = true,
): T {
  const result = safeParse(schema, value, { jitless });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path ?? [];
  const got = valueAt(value, path);
  throw new OciError(
    code,
    `${where}${path.length > 0 ? `, ${formatPath(path)}` : ""}: expected ${issue?.message ?? "another shape"}, got ${got === undefined ? "nothing" : quote(got)}`,
    { details: { path: formatPath(path) } },
  );
}

/** What is at a path, its keys in any case. */
function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at: unknown = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null) return undefined;
    const found = findKey(at, String(key));
    if (found === undefined) return undefined;
    at = (at as Record<string, unknown>)[found];
  }
  return at;
}

/** `manifests[3].size` */
function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, at) => (typeof key === "number" ? `[${key}]` : `${at > 0 ? "." : ""}${String(key)}`))
    .join("");
}

function unsupported(what: string, noun: string, mediaType: string): OciError {
  const schema1 = mediaType.startsWith(SCHEMA_1);
  return new OciError(
    "unsupported-media-type",
    `${what}: expected the media type of ${article(noun)}, got ${quote(mediaType)}`,
    {
      details: { mediaType },
      ...(schema1
        ? {
            hint: "Docker's schema 1 has no digests of its config: push the image again with a current tool.",
          }
        : undefined),
    },
  );
}

function article(noun: string): string {
  return noun === "index" ? "an index" : `a ${noun}`;
}
