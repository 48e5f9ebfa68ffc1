// SPDX-License-Identifier: MIT
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { isIndexType, isManifestType } from "../oci/media-types.ts";
import type { Access } from "./auth/authorizer.ts";
import type { RegistryHabits } from "./habits/registry-habits.ts";
import type { UploadJournal } from "./journal/upload-journal.ts";
import type { Transport } from "./transport/transport.ts";
import { formatRoute, parseKnownDigest } from "./wire/paths.ts";
import { formatScope } from "./wire/token.ts";

/** What is found out about a registry while it is used. */
export interface LearnedHabits {
  /** Whether it refuses a manifest that names a blob which the repository lacks; false as long as nobody knows. */
  checksManifests: boolean;
}

/** One repository at one registry: what every request to it needs. */
export interface RepositoryContext {
  readonly transport: Transport;
  readonly repository: string;
  /** The repository's name as messages show it. */
  readonly name: string;
  readonly habits: RegistryHabits;
  /** What the registry's answers have told since. */
  readonly learned: LearnedHabits;
  /** Where uploads that are not ended are recorded; undefined where that is not wanted. */
  readonly journal: UploadJournal | undefined;
  /** Told how fast the line to the registry is. */
  readonly onUploadRate?: ((rate: number) => void) | undefined;
}

/** Access to read a repository. */
export function pulling({ repository }: RepositoryContext): Access {
  return { repository, scopes: [formatScope(repository, "pull")] };
}

/** Access to write to a repository, and to read the repositories that blobs are mounted from. */
export function pushing({ repository }: RepositoryContext, ...from: readonly string[]): Access {
  const sources = from.map((source) => formatScope(source, "pull"));
  return { repository, scopes: [formatScope(repository, "pull", "push"), ...sources] };
}

/**
 * Access to delete from a repository. Requested alone: some registries refuse it when other access is
 * requested with it.
 */
export function deleting({ repository }: RepositoryContext): Access {
  return { repository, scopes: [formatScope(repository, "delete")] };
}

/** Whether content of this type lives below `/manifests/`; everything else is a blob. */
export function isDocumentType(mediaType: string): boolean {
  return isManifestType(mediaType) || isIndexType(mediaType);
}

/**
 * The path of a blob or manifest.
 * @throws OciError `unsupported-algorithm` for a digest that can't be verified
 */
export function contentPath({ repository }: RepositoryContext, descriptor: Descriptor): string {
  const digest = parseKnownDigest(descriptor.digest);
  return isDocumentType(descriptor.mediaType)
    ? formatRoute({ kind: "manifest", repository, reference: digest })
    : formatRoute({ kind: "blob", repository, digest });
}
