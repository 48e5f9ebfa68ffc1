// SPDX-License-Identifier: MIT
import type { Digest } from "../../oci/digest.ts";
import type { Belongings } from "./collect-below.ts";
import type { RecordedManifest } from "./manifest-record.ts";
import type { Recorded, RepositoryRecords } from "./repository-records.ts";

/** Records of a layout that may not be written: what they lack is kept in memory. */
export interface OverlayRecords extends RepositoryRecords {
  note(belongings: Belongings): void;
}

/** Puts memory over stored records. Its content counts as having come just now. */
export function overlayRecords(stored: RepositoryRecords): OverlayRecords {
  const blobs = new Set<Digest>();
  const manifests = new Map<Digest, RecordedManifest>();
  const since = Date.now();
  const all = function* (kept: Iterable<Recorded>, added: Iterable<Digest>): Iterable<Recorded> {
    yield* kept;
    for (const digest of added) yield { digest, since };
  };
  return {
    ...stored,
    note: (belongings) => {
      for (const digest of belongings.blobs) blobs.add(digest);
      for (const manifest of belongings.manifests) {
        manifests.set(manifest.descriptor.digest, manifest);
      }
    },
    hasBlob: (digest) => blobs.has(digest) || stored.hasBlob(digest),
    blobs: () => all(stored.blobs(), blobs),
    hasManifest: (digest) => manifests.has(digest) || stored.hasManifest(digest),
    hasManifests: () => manifests.size > 0 || stored.hasManifests(),
    manifest: async (digest) => manifests.get(digest) ?? stored.manifest(digest),
    manifests: () => all(stored.manifests(), manifests.keys()),
    referrers: (subject) => {
      const added = [...manifests.values()].filter((manifest) => manifest.subject === subject);
      const digests = added.map(({ descriptor }) => descriptor.digest);
      return [...new Set([...stored.referrers(subject), ...digests])].sort();
    },
  };
}
