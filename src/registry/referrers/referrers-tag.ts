// SPDX-License-Identifier: MIT
import { digestAlgorithm, digestEncoded } from "../../oci/digest.ts";
import type { Digest } from "../../oci/digest.ts";

/**
 * The tag under which clients keep the referrers of a manifest where the registry does not
 * (distribution-spec, "Referrers Tag Schema"): at most 32 characters of the algorithm, and 64 of the rest.
 */
export function formatReferrersTag(subject: Digest): string {
  const part = (text: string, most: number): string =>
    text.slice(0, most).replace(/[^a-zA-Z0-9._-]/g, "-");
  return `${part(digestAlgorithm(subject), 32)}-${part(digestEncoded(subject), 64)}`;
}
