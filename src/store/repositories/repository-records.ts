// SPDX-License-Identifier: MIT
import { syncDirectoryTogether } from "../../files/sync/sync-directory.ts";
import { digestAlgorithm, digestEncoded, isDigest, type Digest } from "../../oci/digest.ts";
import {
  readManifestRecord,
  stageManifestRecord,
  writeManifestRecord,
  type RecordedManifest,
  type StagedRecord,
} from "./manifest-record.ts";
import {
  hasRecords,
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
/** Something that belongs to a repository, and since when: the time of its last push, mount or untagging. */
export interface Recorded {
  readonly digest: Digest;
  /** In milliseconds since 1970. */
  readonly since: number;
}

/** The blobs of one repository. Every change is durable when it resolves. */
export interface BlobRecords {
  hasBlob(digest: Digest): boolean;
  /** Idempotent: adding again renews the time. */
  addBlob(digest: Digest): Promise<void>;
  /** As `addBlob`, made durable by {@link RepositoryRecords.settle}: for many at once. */
  noteBlob(digest: Digest): void;
  /** Makes the names of noted records durable. */
  settleBlobs(digests: Iterable<Digest>): Promise<void>;
  /**
   * False when it did not belong here.
   * @param since remove it only if its time is still this: nobody has pushed or mounted it again
   */
  removeBlob(digest: Digest, since?: number): Promise<boolean>;
  blobs(): Iterable<Recorded>;
}

/** The manifests of one repository. Every change is durable when it resolves. */
export interface ManifestRecords {
  hasManifest(digest: Digest): boolean;
  /** @throws OciError `invalid-layout` when its record is damaged */
  manifest(digest: Digest): Promise<RecordedManifest | undefined>;
  /** Idempotent: adding again renews the time. */
  addManifest(manifest: RecordedManifest): Promise<void>;
  /** As `addManifest` in steps, for many at once. Nothing of it is seen before it is placed. */
  stageManifest(manifest: RecordedManifest): StagedRecord;
  /** Makes the names of placed records durable. */
  settleManifests(digests: Iterable<Digest>): Promise<void>;
  /** Renews the time of a manifest that belongs here, for whoever is about to remove it. Not durable. */
  renewManifest(digest: Digest): void;
  removeManifest(digest: Digest): Promise<boolean>;
  manifests(): Iterable<Recorded>;
  /** The manifests of this repository with this subject, sorted. */
  referrers(subject: Digest): readonly Digest[];
  /** Whether any manifest belongs to the repository. */
  hasManifests(): boolean;
}

/** The records of one repository. */
export interface RepositoryRecords extends BlobRecords, ManifestRecords {}

/** Opens the records of a repository, which need not exist. @param name a valid repository name */
export function openRecords(layout: string, name: string): RepositoryRecords {
  return { ...openBlobs(layout, name), ...openManifests(layout, name) };
}

function openBlobs(layout: string, name: string): BlobRecords {
  const place = (digest: Digest): RecordPlace =>
    placeOf(layout, name, "_blobs", digestAlgorithm(digest));
  return {
    hasBlob: (digest) => timeOf(place(digest), digestEncoded(digest)) !== undefined,
    addBlob: (digest) => writeMark(place(digest), digestEncoded(digest)),
    noteBlob: (digest) => noteMark(place(digest), digestEncoded(digest)),
    settleBlobs: (digests) => settle(digests, place),
    removeBlob: async (digest, since) => {
      const time = timeOf(place(digest), digestEncoded(digest));
      if (since !== undefined && time !== since) return false;
      return removeRecord(place(digest), digestEncoded(digest));
    },
    blobs: () => list(layout, name, "_blobs"),
  };
}

function openManifests(layout: string, name: string): ManifestRecords {
  const place = (digest: Digest): RecordPlace =>
    placeOf(layout, name, "_manifests", digestAlgorithm(digest));
  const referrerPlace = (subject: Digest): RecordPlace =>
    placeOf(layout, name, "_referrers", digestAlgorithm(subject), digestEncoded(subject));
  const has = (digest: Digest): boolean =>
    timeOf(place(digest), digestEncoded(digest)) !== undefined;
  const read = async (digest: Digest): Promise<RecordedManifest | undefined> =>
    has(digest) ? readManifestRecord(place(digest), digest) : undefined;
  return {
    hasManifest: has,
    manifest: read,
    addManifest: async (manifest) => {
      const { descriptor, subject } = manifest;
      const name = referrerName(descriptor.digest);
      // First, so that no manifest is ever missing among the referrers of its subject.
      if (subject !== undefined) await writeMark(referrerPlace(subject), name);
      writeManifestRecord(place(descriptor.digest), manifest);
    },
    stageManifest: (manifest) => {
      const { descriptor, subject } = manifest;
      if (subject !== undefined) noteMark(referrerPlace(subject), referrerName(descriptor.digest));
      return stageManifestRecord(place(descriptor.digest), manifest);
    },
    settleManifests: (digests) => settle(digests, place),
    renewManifest: (digest) => {
      if (has(digest)) noteMark(place(digest), digestEncoded(digest));
    },
    removeManifest: async (digest) => {
      const subject = (await read(digest))?.subject;
      const removed = await removeRecord(place(digest), digestEncoded(digest));
      if (subject !== undefined) await removeRecord(referrerPlace(subject), referrerName(digest));
      return removed;
    },
    manifests: () => list(layout, name, "_manifests"),
    referrers: (subject) =>
      namesIn(referrerPlace(subject))
        .map((file) => file.replace("-", ":"))
        .filter(isDigest)
        .filter(has),
    hasManifests: () =>
      ALGORITHMS.some((algorithm) => hasRecords(placeOf(layout, name, "_manifests", algorithm))),
  };
}

function* list(layout: string, name: string, kind: string): Iterable<Recorded> {
  for (const algorithm of ALGORITHMS) {
    const where = placeOf(layout, name, kind, algorithm);
    for (const hex of namesIn(where)) {
      const digest = `${algorithm}:${hex}`;
      const since = isDigest(digest) ? timeOf(where, hex) : undefined;
      if (isDigest(digest) && since !== undefined) yield { digest, since };
    }
  }
}

async function settle(
  digests: Iterable<Digest>,
  placeOfDigest: (digest: Digest) => RecordPlace,
): Promise<void> {
  const paths = new Set([...digests].map((digest) => pathOf(placeOfDigest(digest))));
  for (const path of paths) await syncDirectoryTogether(path);
}

function referrerName(digest: Digest): string {
  return `${digestAlgorithm(digest)}-${digestEncoded(digest)}`;
}
