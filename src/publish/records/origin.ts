// SPDX-License-Identifier: MIT
import type { Image } from "../../image/image.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import { type Recorded, readRecorded } from "./provenance.ts";

/** The annotations or labels that provenance is kept under, where they are not the usual ones. */
export interface ProvenanceKeys {
  readonly runId?: string | undefined;
  readonly parentDigest?: string | undefined;
  readonly parentStage?: string | undefined;
}

/** What an image records of how it was made. */
export interface Origin {
  readonly runId: Recorded;
  readonly parentStage: Recorded;
  /** When its configuration says that it was made. */
  readonly created: string | undefined;
  /** The images and directories that it was assembled from, by name; that of the base is `base`. */
  readonly inputs: ReadonlyMap<string, OriginInput>;
}

/** One input as an image records it. */
export interface OriginInput {
  readonly digest: string;
  /** When that input was made, if it said so. */
  readonly created: string | undefined;
}

/** Reads what an image records of how it was made. */
export function readOrigin(image: Image, keys: ProvenanceKeys = {}): Origin {
  const { runId = AnnotationKey.runId, parentStage = AnnotationKey.parentStage } = keys;
  const annotations = image.manifest.value.annotations ?? {};
  return {
    runId: readRecorded(image, runId),
    parentStage: readRecorded(image, parentStage),
    created: image.config.value.created,
    inputs: readInputs(annotations),
  };
}

/** The images and directories that annotations name as what an image was assembled from. */
export function readInputs(
  annotations: Readonly<Record<string, string>>,
): ReadonlyMap<string, OriginInput> {
  return new Map(inputsOf(annotations));
}

function* inputsOf(annotations: Readonly<Record<string, string>>): Iterable<[string, OriginInput]> {
  for (const [key, digest] of Object.entries(annotations)) {
    const isBase = key === AnnotationKey.baseDigest;
    if (!isBase && !key.startsWith(AnnotationKey.input)) continue;
    const name = isBase ? "base" : key.slice(AnnotationKey.input.length);
    const createdKey = AnnotationKey.inputCreated + name;
    const created = Object.hasOwn(annotations, createdKey) ? annotations[createdKey] : undefined;
    yield [name, { digest, created }];
  }
}
