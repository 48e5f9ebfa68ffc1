// SPDX-License-Identifier: MIT
import { digestAlgorithm, digestEncoded, type Digest } from "../../oci/digest.ts";

const COSIGN_SUFFIXES = [".sig", ".att", ".sbom"];
const FALLBACK_TAG = /^(?:sha256-[0-9a-f]{64}|sha512-[0-9a-f]{64,128})$/;
const REFERRER_TAG = /^(?:sha256-[0-9a-f]{64}|sha512-[0-9a-f]{64,128})(?:\.(?:sig|att|sbom))?$/;

/**
 * The tag under which clients keep the referrers of a manifest where the registry does not
 * (distribution-spec, "Referrers Tag Schema"): at most 32 characters of the algorithm, and 64 of the rest.
 */
export function formatFallbackTag(subject: Digest): string {
  const part = (text: string, most: number): string =>
    text.slice(0, most).replace(/[^a-zA-Z0-9._-]/g, "-");
  return `${part(digestAlgorithm(subject), 32)}-${part(digestEncoded(subject), 64)}`;
}

/** The tags by which cosign finds what it keeps about content: `sha256-<hex>.sig`, `.att` and `.sbom`. */
export function formatCosignTags(subject: Digest): readonly string[] {
  const stem = `${digestAlgorithm(subject)}-${digestEncoded(subject)}`;
  return COSIGN_SUFFIXES.map((suffix) => `${stem}${suffix}`);
}

/** Whether a tag is one of {@link formatFallbackTag}; a digest of sha512 may also be there whole. */
export function isFallbackTag(tag: string): boolean {
  return FALLBACK_TAG.test(tag);
}

/** Whether a tag names what is about other content: a list of referrers, or one of cosign's. */
export function isReferrerTag(tag: string): boolean {
  return REFERRER_TAG.test(tag);
}
