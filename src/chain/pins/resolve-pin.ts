// SPDX-License-Identifier: MIT
import type { Digest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import type { StageUnit } from "../graph/stage-graph.ts";
import type { ImageSource } from "../images/image-source.ts";
import type { ProvenanceKeys } from "../images/provenance-keys.ts";

/** What a unit is built FROM: bytes that a registry, or without one a layout, named by digest. */
export interface Pin {
  /** The unit that is pinned. */
  readonly unit: string;
  /** The digest that its tag or layout names: of an index its own. */
  readonly digest: Digest;
  /** `repository@sha256:…`, or the bare digest where there is no repository. */
  readonly reference: string;
  readonly by: "registry" | "layout";
}

/**
 * Pins a unit to what a source has now. Never what a local builder calls by that tag: its digest is another than
 * that of the bytes it pushed.
 * @throws OciError `not-found` when it is not there; what reading threw when that can't be told
 */
export async function resolvePin(unit: StageUnit, source: ImageSource): Promise<Pin> {
  const image = await source.image(unit);
  if (image.state === "present") return pinOf(unit, image.digest, source);
  if (image.state === "unreadable") {
    const code = image.error instanceof OciError ? image.error.code : "unreadable";
    throw new OciError(code, `${source.name}: ${unit.id} can't be pinned: ${image.reason}`, {
      cause: image.error,
    });
  }
  throw new OciError(
    "not-found",
    `${source.name}: expected ${unit.tag}, to build from its digest, got nothing there`,
    {
      details: { unit: unit.id, tag: unit.tag },
      hint: `Build it first: oci-kit chain plan --only ${unit.stage} says what is missing.`,
    },
  );
}

/** The pin of a unit whose digest is known, such as that of an image which this run has pushed. */
export function pinOf(unit: StageUnit, digest: Digest, { kind }: Pick<ImageSource, "kind">): Pin {
  const repository = unit.reference?.slice(0, -(unit.tag.length + 1));
  const isPublished = kind === "registry" && repository !== undefined;
  return {
    unit: unit.id,
    digest,
    reference: isPublished ? `${repository}@${digest}` : digest,
    by: kind,
  };
}

/**
 * What a build records of where it came from, for annotations and labels alike. A value with a comma or a line
 * break would be cut where BuildKit's exporter reads it, so it is refused.
 * @throws OciError `invalid-argument`
 */
export function provenanceOf(
  parent: { readonly pin: Pin; readonly stage: string } | undefined,
  runId: string,
  keys: ProvenanceKeys,
): Readonly<Record<string, string>> {
  const records = {
    ...(parent && { [keys.parentDigest]: parent.pin.reference, [keys.parentStage]: parent.stage }),
    [keys.runId]: runId,
  };
  for (const [key, value] of Object.entries(records)) {
    if (value !== "" && !/[,\r\n"]/.test(value)) continue;
    throw new OciError(
      "invalid-argument",
      `${key}: expected a value without commas and line breaks, got ${JSON.stringify(value)}`,
      { details: { key } },
    );
  }
  return records;
}
