// SPDX-License-Identifier: MIT
import { digestBytes } from "../../bytes/hash.ts";
import { digestEncoded } from "../../oci/digest.ts";
import type { ListedFinding } from "../list-findings.ts";

/**
 * One fingerprint for each finding, which is the same in every run that finds the same thing: made of what
 * was asked about (without a digest), the platform, the rule, the policy, the path and what is needed; neither of the
 * message, which names other files too, nor of digests, nor of the order of other findings.
 */
export function fingerprintFindings(findings: readonly ListedFinding[]): readonly string[] {
  const seen = new Map<string, number>();
  return findings.map((finding) => {
    const key = JSON.stringify(identityOf(finding));
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    const bytes = new TextEncoder().encode(before === 0 ? key : `${key}#${before}`);
    return digestEncoded(digestBytes(bytes)).slice(0, 32);
  });
}

function identityOf({
  subject,
  image,
  ruleId,
  policy,
  path,
  about,
}: ListedFinding): readonly unknown[] {
  const reference = subject.reference.replace(/@[a-z0-9]+:[0-9a-f]+$/, "");
  return [reference, image?.platform, ruleId, policy, path, about].map((part) => part ?? null);
}
