// SPDX-License-Identifier: MIT
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ownedName } from "../../files/owned-name.ts";
import { writing } from "../../files/system-error.ts";
import { openRegularFile, readFileBytes } from "../../files/regular-file.ts";
import { syncDirectoryTogether } from "../../files/sync/sync-directory.ts";
import { replaceDurably } from "../../files/replace-durably.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { digestAlgorithm, digestEncoded, isDigest, type Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { parseDescriptor } from "../../oci/documents/parse-documents.ts";
import { OciError } from "../../oci/errors.ts";
import { formatJson, parseJson } from "../../oci/json.ts";
import { OWN_PREFIX } from "../layout/layout-blobs.ts";
import {
  hasRecords,
  makePlace,
  namesIn,
  noteMark,
  pathOf,
  placeOf,
  removeRecord,
  timeOf,
  writeMark,
  type RecordPlace,
} from "./record-files.ts";

// What belongs to one repository of a layout, as files below `repositories/<name>/`:
//   _blobs/<algorithm>/<hex>                                 empty: a blob that was pushed or mounted here
//   _manifests/<algorithm>/<hex>                             its descriptor: a manifest that was pushed here
//   _referrers/<algorithm>/<hex>/<algorithm>-<hex>           empty: a manifest, below its subject
// The bytes are in the layout's blobs, once, whoever they belong to.

const ALGORITHMS = ["sha256", "sha512"] as const;
const RECORD_BYTES = 64 * 1024;
const STEM = `${OWN_PREFIX}record`;

/** Something that belongs to a repository, and since when: the time of its last push, mount or untagging. */
export interface Recorded {
  readonly digest: Digest;
  /** In milliseconds since 1970. */
  readonly since: number;
}

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

/** The records of one repository. Every change is durable when it resolves. */
export interface RepositoryRecords {
  hasBlob(digest: Digest): boolean;
  /** Idempotent: adding again renews the time. */
  addBlob(digest: Digest): Promise<void>;
  /** As `addBlob`, made durable by {@link RepositoryRecords.settle}: for many at once. */
  noteBlob(digest: Digest): void;
  /** Makes the names of these records durable. */
  settle(kind: "blobs" | "manifests", digests: Iterable<Digest>): Promise<void>;
  /**
   * False when it did not belong here.
   * @param since remove it only if its time is still this: nobody has pushed or mounted it again
   */
  removeBlob(digest: Digest, since?: number): Promise<boolean>;
  blobs(): Iterable<Recorded>;
  hasManifest(digest: Digest): boolean;
  /** @throws OciError `invalid-layout` when its record is damaged */
  manifest(digest: Digest): Promise<RecordedManifest | undefined>;
  /** Idempotent: adding again renews the time. */
  addManifest(manifest: RecordedManifest): Promise<void>;
  /** As `addManifest` in steps, for many at once. Nothing of it is seen before it is placed. */
  stageManifest(manifest: RecordedManifest): StagedRecord;
  /** Renews the time of a manifest that belongs here, for whoever is about to remove it. Not durable. */
  renewManifest(digest: Digest): void;
  removeManifest(digest: Digest): Promise<boolean>;
  manifests(): Iterable<Recorded>;
  /** The manifests of this repository with this subject, sorted. */
  referrers(subject: Digest): readonly Digest[];
  /** Whether any manifest belongs to the repository. */
  hasManifests(): boolean;
}

/** Opens the records of a repository, which need not exist. @param name a valid repository name */
export function openRecords(layout: string, name: string): RepositoryRecords {
  const place = (kind: string, digest: Digest): RecordPlace =>
    placeOf(layout, name, kind, digestAlgorithm(digest));
  const blobPlace = (digest: Digest): RecordPlace => place("_blobs", digest);
  const manifestPlace = (digest: Digest): RecordPlace => place("_manifests", digest);
  const referrerPlace = (subject: Digest): RecordPlace =>
    placeOf(layout, name, "_referrers", digestAlgorithm(subject), digestEncoded(subject));
  const has = (where: RecordPlace, digest: Digest): boolean =>
    timeOf(where, digestEncoded(digest)) !== undefined;
  const list = function* (kind: string): Iterable<Recorded> {
    for (const algorithm of ALGORITHMS) {
      const where = placeOf(layout, name, kind, algorithm);
      for (const hex of namesIn(where)) {
        const digest = `${algorithm}:${hex}`;
        const since = isDigest(digest) ? timeOf(where, hex) : undefined;
        if (isDigest(digest) && since !== undefined) yield { digest, since };
      }
    }
  };

  const records: RepositoryRecords = {
    hasBlob: (digest) => has(blobPlace(digest), digest),
    addBlob: (digest) => writeMark(blobPlace(digest), digestEncoded(digest)),
    noteBlob: (digest) => noteMark(blobPlace(digest), digestEncoded(digest)),
    settle: async (kind, digests) => {
      const algorithms = new Set([...digests].map((digest) => digestAlgorithm(digest)));
      for (const algorithm of algorithms) {
        await syncDirectoryTogether(pathOf(placeOf(layout, name, `_${kind}`, algorithm)));
      }
    },
    removeBlob: async (digest, since) => {
      const time = timeOf(blobPlace(digest), digestEncoded(digest));
      if (since !== undefined && time !== since) return false;
      return removeRecord(blobPlace(digest), digestEncoded(digest));
    },
    blobs: () => list("_blobs"),
    hasManifest: (digest) => has(manifestPlace(digest), digest),
    manifest: async (digest) => {
      const where = manifestPlace(digest);
      if (!has(where, digest)) return undefined;
      return readManifestRecord(pathOf(where, digestEncoded(digest)), digest);
    },
    addManifest: async ({ descriptor, subject }) => {
      const { digest } = descriptor;
      // First, so that no manifest is ever missing among the referrers of its subject.
      if (subject !== undefined) await writeMark(referrerPlace(subject), referrerName(digest));
      const directory = makePlace(manifestPlace(digest));
      const record = formatManifestRecord({ descriptor, subject });
      replaceDurably(directory, digestEncoded(digest), record, { stem: STEM });
    },
    stageManifest: ({ descriptor, subject }) => {
      const { digest } = descriptor;
      if (subject !== undefined) noteMark(referrerPlace(subject), referrerName(digest));
      const directory = makePlace(manifestPlace(digest));
      const staged = join(directory, ownedName(STEM));
      const record = formatManifestRecord({ descriptor, subject });
      writing(staged, () => writeFileSync(staged, record, { flag: "wx" }));
      return {
        sync: () => writing(staged, () => syncFile(staged)),
        place: () =>
          writing(staged, () => renameSync(staged, join(directory, digestEncoded(digest)))),
      };
    },
    renewManifest: (digest) => {
      const where = manifestPlace(digest);
      if (has(where, digest)) noteMark(where, digestEncoded(digest));
    },
    removeManifest: async (digest) => {
      const subject = (await records.manifest(digest))?.subject;
      const removed = await removeRecord(manifestPlace(digest), digestEncoded(digest));
      if (subject !== undefined) await removeRecord(referrerPlace(subject), referrerName(digest));
      return removed;
    },
    manifests: () => list("_manifests"),
    referrers: (subject) =>
      namesIn(referrerPlace(subject))
        .map((file) => file.replace("-", ":"))
        .filter(isDigest)
        .filter((digest) => records.hasManifest(digest)),
    hasManifests: () =>
      ALGORITHMS.some((algorithm) => hasRecords(placeOf(layout, name, "_manifests", algorithm))),
  };
  return records;
}

function formatManifestRecord({ descriptor, subject }: RecordedManifest): Uint8Array {
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

function referrerName(digest: Digest): string {
  return `${digestAlgorithm(digest)}-${digestEncoded(digest)}`;
}

async function readManifestRecord(path: string, digest: Digest): Promise<RecordedManifest> {
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
