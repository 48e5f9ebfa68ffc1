// SPDX-License-Identifier: MIT
import { closeSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readAll } from "../../bytes/streams/read-all.ts";
import { describe } from "../../bytes/describe-content.ts";
import { OciError } from "../../oci/errors.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { ImageIndex } from "../../oci/documents/image-index.ts";
import { formatJson, parseJson } from "../../oci/json.ts";
import { limitExceeded, withLimits, type Limits } from "../../oci/limits.ts";
import { MediaType } from "../../oci/media-types.ts";
import { parseIndex } from "../../oci/documents/parse-documents.ts";
import { quote } from "../../oci/quote.ts";
import { writing } from "../../files/system-error.ts";
import { openRegularFile, readFileBytes } from "../../files/regular-file.ts";
import { OWN_PREFIX } from "./layout-blobs.ts";
import { makeDirectories } from "../../files/make-directories.ts";
import { replaceDurably } from "../../files/replace-durably.ts";
import { syncDirectory } from "../../files/sync/sync-directory.ts";

// The two documents of a layout directory: oci-layout and index.json (image-spec, image-layout.md).

/** The name of the file that marks a directory as a layout. */
export const LAYOUT_FILE = "oci-layout";
/** The name of the file that lists the roots of a layout. */
export const INDEX_FILE = "index.json";
/** The content of {@link LAYOUT_FILE}. */
export const LAYOUT_DOCUMENT = formatJson({ imageLayoutVersion: "1.0.0" });

const EMPTY_INDEX: ImageIndex = Object.freeze({
  schemaVersion: 2,
  mediaType: MediaType.index,
  manifests: [],
});

/**
 * Checks the bytes of an oci-layout file.
 * @param where the name of the file, for messages
 * @throws OciError `invalid-layout`
 */
export function checkLayoutDocument(bytes: Uint8Array, where: string): void {
  const value = parseJson(bytes, { what: where });
  const version =
    typeof value === "object" && value !== null && "imageLayoutVersion" in value
      ? value.imageLayoutVersion
      : undefined;
  if (typeof version === "string" && /^1\.\d+\.\d+$/.test(version)) return;
  throw new OciError(
    "invalid-layout",
    `${where}: expected imageLayoutVersion 1.0.0, got ${quote(version)}`,
  );
}

/** Parses the bytes of an index.json, which errors name by its file. @throws OciError `invalid-json`, `invalid-index`, `limit-exceeded` */
export function parseLayoutIndex(
  bytes: Uint8Array,
  where: string,
  limits?: Partial<Limits>,
): ImageIndex {
  const descriptor = describe(MediaType.index, bytes);
  try {
    return parseIndex(bytes, descriptor, { limits }).value;
  } catch (error) {
    if (!(error instanceof OciError)) throw error;
    const message = error.message.replace(`index ${descriptor.digest}`, where);
    throw new OciError(error.code, message, { details: { ...error.details, where }, cause: error });
  }
}

/** Checks that a directory is a layout. @throws OciError `not-found`, `unreadable`, `invalid-layout` */
export async function checkLayout(directory: string): Promise<void> {
  const path = join(directory, LAYOUT_FILE);
  checkLayoutDocument(await readSmallFile(path, {}), path);
}

/** Reads index.json. @throws OciError `not-found`, `unreadable`, `invalid-layout`, `invalid-index`, `limit-exceeded` */
export async function readLayoutIndex(
  directory: string,
  limits?: Partial<Limits>,
): Promise<ImageIndex> {
  const path = join(directory, INDEX_FILE);
  try {
    return parseLayoutIndex(await readSmallFile(path, limits), path, limits);
  } catch (error) {
    throw error instanceof OciError ? damaged(error, directory) : error;
  }
}

/** The same error with what can be done when a layout's list of images is lost. */
function damaged(error: OciError, directory: string): OciError {
  const { code, message, details, cause } = error;
  const isLost = code === "not-found" && existsSync(join(directory, LAYOUT_FILE));
  if (!isLost && code !== "invalid-json" && code !== "invalid-index") return error;
  const hint = `The layout has lost the list of its images, not their blobs. Without ${INDEX_FILE} and ${LAYOUT_FILE} in it, oci-kit copy SRC oci:${directory}:TAG begins a new list, and sends what is not there.`;
  return new OciError(code, message, { details, cause, hint });
}

async function readSmallFile(
  path: string,
  limits: Partial<Limits> | undefined,
): Promise<Uint8Array> {
  const { fd } = openRegularFile(path, "invalid-layout");
  try {
    return await readAll(
      readFileBytes(fd),
      withLimits(limits).documentBytes,
      path,
      "documentBytes",
    );
  } finally {
    closeSync(fd);
  }
}

/**
 * Replaces index.json, whole or not at all, after making the content that it names durable. The caller holds
 * the lock, and keeps fields that it does not know.
 * @throws OciError `limit-exceeded` for an index that {@link readLayoutIndex} would refuse under these limits
 */
export function writeLayoutIndex(
  directory: string,
  index: ImageIndex,
  limits?: Partial<Limits>,
): void {
  const bytes = formatJson(index);
  checkReadable(`oci:${directory}`, index, bytes, limits);
  const blobs = join(directory, "blobs");
  for (const algorithm of readdirSync(blobs)) syncDirectory(join(blobs, algorithm));
  writeDocument(directory, INDEX_FILE, bytes);
}

/**
 * Edits the entries of index.json, which keeps all else that it says. Nothing is written when `change` returns
 * the list that it was given. The caller holds the lock.
 * @throws OciError as {@link readLayoutIndex} and {@link writeLayoutIndex}
 */
export async function changeLayoutIndex(
  directory: string,
  change: (entries: readonly Descriptor[]) => readonly Descriptor[],
  limits?: Partial<Limits>,
): Promise<void> {
  const index = await readLayoutIndex(directory, limits);
  const manifests = change(index.manifests);
  if (manifests !== index.manifests) {
    writeLayoutIndex(directory, { ...index, manifests }, limits);
  }
}

/** Refuses an index beyond the limits: afterwards nobody could read or repair the layout. */
function checkReadable(
  where: string,
  { manifests }: ImageIndex,
  bytes: Uint8Array,
  limits: Partial<Limits> | undefined,
): void {
  const { children, documentBytes } = withLimits(limits);
  const isMany = manifests.length > children;
  if (!isMany && bytes.length <= documentBytes) return;
  const [limit, allowed, got, unit] = isMany
    ? (["children", children, manifests.length, "entries"] as const)
    : (["documentBytes", documentBytes, bytes.length, "bytes"] as const);
  const what = `${where}: ${INDEX_FILE}`;
  const instead = "Use another layout: whoever reads this one must raise the limit too.";
  throw limitExceeded({ what, limit, allowed, got, unit, instead });
}

/**
 * Makes a layout in an empty directory, or completes one whose creation was interrupted. The caller holds the
 * lock.
 * @throws OciError `invalid-layout` when the directory holds anything else
 */
export function initialiseLayout(directory: string): void {
  const names = checkFree(directory);
  if (names.includes(LAYOUT_FILE)) return;
  writing(directory, () => makeDirectories(join(directory, "blobs", "sha256")));
  if (!names.includes(INDEX_FILE)) writeLayoutIndex(directory, EMPTY_INDEX);
  writeDocument(directory, LAYOUT_FILE, LAYOUT_DOCUMENT);
}

/**
 * Checks that a directory is a layout or could become one, and changes nothing in it.
 * @returns the names of what is in it, without what other processes of ours left
 * @throws OciError `invalid-layout` when the directory holds anything else
 */
export function checkFree(directory: string): readonly string[] {
  const names = readdirSync(directory).filter((name) => !name.startsWith(OWN_PREFIX));
  if (names.includes(LAYOUT_FILE)) return names;
  const foreign = names.filter((name) => name !== INDEX_FILE && name !== "blobs");
  if (foreign.length > 0) {
    throw new OciError(
      "invalid-layout",
      `${JSON.stringify(directory)}: expected an OCI layout or an empty directory, got one that holds ${quote(foreign[0])}`,
      { details: { directory, foreign }, hint: "Name a directory that does not exist yet." },
    );
  }
  return names;
}

function writeDocument(directory: string, name: string, bytes: Uint8Array): void {
  replaceDurably(directory, name, bytes, { stem: `${OWN_PREFIX}document` });
}
