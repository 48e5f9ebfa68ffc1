// SPDX-License-Identifier: MIT
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readAll } from "../../bytes/streams/read-all.ts";
import { ownedName } from "../../files/owned-name.ts";
import { openRegularFile, readFileBytes } from "../../files/regular-file.ts";
import { replaceDurably } from "../../files/replace-durably.ts";
import { writing } from "../../files/system-error.ts";
import { digestEncoded, isDigest, type Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { parseDescriptor } from "../../oci/documents/parse-documents.ts";
import { OciError } from "../../oci/errors.ts";
import { formatJson, parseJson } from "../../oci/json.ts";
import { OWN_PREFIX } from "../layout/layout-blobs.ts";
import { makePlace, pathOf, type RecordPlace } from "./record-files.ts";

// The record of a manifest is a JSON document: its descriptor, and the digest of its subject.

const RECORD_BYTES = 64 * 1024;
const STEM = `${OWN_PREFIX}record`;

/** A manifest or index of a repository. */
export interface RecordedManifest {
  /** Media type, digest and size, as they were pushed. */
  readonly descriptor: Descriptor;
  readonly subject: Digest | undefined;
}

/** A record that is written and has no name yet: sync it, place it, and settle the names. */
export interface StagedRecord {
  sync(): void;
  place(): void;
}

/** Writes the record of a manifest. It is durable when this returns. */
export function writeManifestRecord(place: RecordPlace, manifest: RecordedManifest): void {
  const name = digestEncoded(manifest.descriptor.digest);
  replaceDurably(makePlace(place), name, format(manifest), { stem: STEM });
}

/** Writes the record of a manifest without its name. */
export function stageManifestRecord(place: RecordPlace, manifest: RecordedManifest): StagedRecord {
  const directory = makePlace(place);
  const staged = join(directory, ownedName(STEM));
  const path = join(directory, digestEncoded(manifest.descriptor.digest));
  writing(staged, () => writeFileSync(staged, format(manifest), { flag: "wx" }));
  return {
    sync: () => writing(staged, () => syncFile(staged)),
    place: () => writing(staged, () => renameSync(staged, path)),
  };
}

function format({ descriptor, subject }: RecordedManifest): Uint8Array {
  const { mediaType, digest, size } = descriptor;
  return formatJson({ mediaType, digest, size, ...(subject !== undefined && { subject }) });
}

function syncFile(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Reads the record of a manifest. @throws OciError `invalid-layout` when it is damaged */
export async function readManifestRecord(
  place: RecordPlace,
  digest: Digest,
): Promise<RecordedManifest> {
  const path = pathOf(place, digestEncoded(digest));
  const { fd } = openRegularFile(path, "invalid-layout");
  try {
    const bytes = await readAll(readFileBytes(fd), RECORD_BYTES, path);
    const value = parseJson(bytes, { what: path });
    const { mediaType, size, digest: named } = parseDescriptor(value, path);
    const { subject } = value as { readonly subject?: unknown };
    const known = typeof subject === "string" && isDigest(subject) ? subject : undefined;
    if (named === digest) return { descriptor: { mediaType, digest, size }, subject: known };
  } catch (error) {
    throw damaged(path, error);
  } finally {
    closeSync(fd);
  }
  throw damaged(path, undefined);
}

function damaged(path: string, cause: unknown): OciError {
  return new OciError(
    "invalid-layout",
    `${JSON.stringify(path)}: expected the descriptor of a manifest, got something else`,
    { details: { path }, hint: "Remove the file and push the manifest again.", cause },
  );
}
