// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../bytes/byte-string.ts";
import type { AbortOptions } from "../bytes/bytes.ts";
import type { Image } from "../image/image.ts";
import type { Digest } from "../oci/digest.ts";
import { withLimits, type Limits } from "../oci/limits.ts";
import type { Platform } from "../oci/platform.ts";
import type { VerdictCache } from "../verify/facts/verdict-cache.ts";
import type { ImageFinding, ImageReport } from "../verify/image/image-report.ts";
import type { VerifyImageOptions } from "../verify/image/verify-image.ts";
import type { PoliciesFor } from "../verify/policies/policy-checks.ts";
import type { Policy } from "../verify/policies/policy.ts";

/** An image that is about to be published. */
export interface Candidate {
  /** What it is called in messages. */
  readonly name: string;
  readonly image: Image;
  readonly platform: Platform;
}

export interface VerifyBeforeOptions
  extends AbortOptions, Pick<VerifyImageOptions, "cache" | "facts" | "onProgress"> {
  /** What images have to keep beside what every image has to. */
  readonly policies?: PoliciesFor | undefined;
  /** Where it is remembered which images passed. */
  readonly verdicts?: VerdictCache | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/** Why an image must not be published. */
export interface UnfitImage {
  readonly candidate: Candidate;
  /** The digest of its manifest. */
  readonly digest: Digest;
  /** Errors alone. */
  readonly findings: readonly ImageFinding[];
}

/**
 * Looks into images before anything of them leaves this machine: whether each would start, and keeps its policies.
 * Images that passed before under the same rules are not looked into. Returns those that don't pass.
 * @throws OciError what `verifyImage` throws, `aborted` among it: what can't be told does not pass
 */
export async function findUnfitImages(
  candidates: readonly Candidate[],
  { policies, verdicts, ...options }: VerifyBeforeOptions = {},
): Promise<readonly UnfitImage[]> {
  const known = candidates.map(({ platform }) => policies?.(platform) ?? null);
  const { linkHops } = withLimits(options.limits);
  const subject = {
    images: candidates.map(({ image }) => image.descriptor.digest),
    rules: candidates.map(({ platform }, at) => [platform, known[at], linkHops]),
  };
  if (candidates.length === 0 || (await verdicts?.hasPassed(subject)) === true) return [];
  const unfit = await lookInto(candidates, known, options);
  if (unfit.length === 0) await verdicts?.remember(subject);
  return unfit;
}

async function lookInto(
  candidates: readonly Candidate[],
  policies: readonly (readonly Policy[] | null)[],
  options: Omit<VerifyBeforeOptions, "policies" | "verdicts">,
): Promise<readonly UnfitImage[]> {
  // Where all passed before, which is the usual case, none of this is loaded.
  const [{ verifyImage }, { createPolicyChecks }] = await Promise.all([
    import("../verify/image/verify-image.ts"),
    import("../verify/policies/policy-checks.ts"),
  ]);
  let at = 0;
  const checks = createPolicyChecks(() => policies[at] ?? []);
  const reports: ImageReport[] = [];
  for (const { image, platform } of candidates) {
    reports.push(await verifyImage(image, { ...options, entry: platform, checks }));
    at += 1;
  }
  const compared = checks.compare();
  return candidates.flatMap((candidate, index) => {
    const report = reports[index]!;
    const all = [...report.findings, ...(compared.get(report.name) ?? [])];
    const findings = all.filter(({ severity }) => severity === "error");
    const { digest } = candidate.image.descriptor;
    return findings.length === 0 ? [] : [{ candidate, digest, findings }];
  });
}

/** One finding in one line, with its policy. */
export function describeUnfit({ code, policy, message }: ImageFinding): string {
  return `${policy === undefined ? "" : `${toText(policy as ByteString)}: `}${code}: ${message}`;
}
