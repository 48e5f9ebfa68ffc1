// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";
import { shortDigest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { ImageIndex } from "../../oci/documents/image-index.ts";
import type { Manifest } from "../../oci/documents/manifest.ts";
import { OciError } from "../../oci/errors.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { isAttestation } from "../list-images.ts";
import { withoutCompressionNote } from "./compression-note.ts";
import { isDockerType, mediaTypeIn } from "./image-format.ts";

/** Something of an image that Docker's schema 2 has no place for. */
export interface Inexpressible {
  readonly what: string;
  /** Whether it is an annotation, which can be left out without changing what is run. */
  readonly isAnnotation: boolean;
}

const LISTED = 10;

/** What Docker's schema 2 can't express of a manifest. `layers` are those that would be written. */
export function beyondDockerManifest(
  { config, artifactType, subject, annotations }: Manifest,
  layers: readonly Descriptor[],
): Inexpressible[] {
  const contents = [config, ...layers].filter(
    ({ mediaType }) => !isDockerType(mediaTypeIn("docker", mediaType)),
  );
  return [
    ...contents.map(({ mediaType, digest }) => no(`${nameOf(mediaType)} (${shortDigest(digest)})`)),
    ...(artifactType === undefined ? [] : [no(`the artifactType ${artifactType}`)]),
    ...(subject === undefined ? [] : [no(`the subject ${shortDigest(subject.digest)}`)]),
    ...annotationsOf("the manifest", annotations),
    ...layers.flatMap((layer, at) =>
      annotationsOf(`layer ${at}`, withoutCompressionNote(layer).annotations),
    ),
    ...annotationsOf("the configuration", config.annotations),
  ];
}

/** What Docker's manifest list can't express of an index. */
export function beyondDockerList({
  artifactType,
  subject,
  annotations,
  manifests,
}: ImageIndex): Inexpressible[] {
  return [
    ...(artifactType === undefined ? [] : [no(`the artifactType ${artifactType}`)]),
    ...(subject === undefined ? [] : [no(`the subject ${shortDigest(subject.digest)}`)]),
    ...annotationsOf("the index", annotations),
    ...manifests.flatMap(beyondDockerEntry),
  ];
}

function beyondDockerEntry(entry: Descriptor): Inexpressible[] {
  const name = shortDigest(entry.digest);
  if (isAttestation(entry)) return [no(`the attestation ${name}`)];
  if (isIndexType(entry.mediaType)) return [no(`the index ${name} within the index`)];
  return annotationsOf(`its entry ${name}`, entry.annotations);
}

function annotationsOf(
  where: string,
  annotations: Readonly<Record<string, string>> | undefined,
): Inexpressible[] {
  return Object.keys(annotations ?? {}).map((key) => ({
    what: `the annotation ${key} of ${where}`,
    isAnnotation: true,
  }));
}

function no(what: string): Inexpressible {
  return { what, isAnnotation: false };
}

function nameOf(mediaType: string): string {
  return mediaType.endsWith("zstd")
    ? "a layer compressed with zstd"
    : `content of type ${mediaType}`;
}

/** The error that names what Docker's format can't express of what is at `where`. */
export function notInDocker(where: string, found: readonly Inexpressible[]): OciError {
  const named = found.slice(0, LISTED).map(({ what }) => escapeText(what));
  if (found.length > LISTED) named.push(`and ${found.length - LISTED} more`);
  return new OciError(
    "unsupported-operation",
    `${where}: expected what Docker's format can express, got ${named.join(", ")}`,
    { details: { inexpressible: found.map(({ what }) => what) }, hint: hintFor(found) },
  );
}

function hintFor(found: readonly Inexpressible[]): string {
  if (found.every(({ isAnnotation }) => isAnnotation)) {
    return "Leave the annotations out with --drop-annotations, or keep OCI's format.";
  }
  if (found.some(({ what }) => what.includes("zstd"))) {
    return "Compress the layers anew with --compression gzip, or take OCI's format: --format oci";
  }
  return "Keep OCI's format, or take one image of the index: --platform OS/ARCHITECTURE";
}
