// SPDX-License-Identifier: MIT
import { escapeText } from "../bytes/byte-string.ts";
import { isSamePlatform } from "../image/find-image.ts";
import { type Digest, shortDigest } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";
import { type Platform, formatPlatform, parsePlatform, platformMatches } from "../oci/platform.ts";
import type { ImageFinding } from "../verify/image/image-report.ts";
import type { Recorded } from "./provenance.ts";
import type { Published } from "./published-index.ts";

/** The platform of a child according to its directory, its tag, or the index that it came from. */
export interface PlatformClaim {
  readonly by: "directory" | "tag" | "index";
  readonly platform: Platform;
}

/** What the gates need to know about one image of the index. */
export interface ChildFacts {
  /** Where it came from, for messages. */
  readonly name: string;
  readonly digest: Digest;
  /** The platform of its configuration. The index will have this one, whatever the claims. */
  readonly platform: Platform;
  readonly claims: readonly PlatformClaim[];
  readonly runId: Recorded;
}

/** What the gates need to know about a push. */
export interface PushFacts {
  readonly children: readonly ChildFacts[];
  /** The architectures that must be there (`riscv64`, `linux/arm/v7`); undefined when none are configured. */
  readonly architectures: readonly string[] | undefined;
  readonly published: Published;
}

/** One reason not to push. `message` is one line that names the image or platform concerned. */
export type GateFinding = { readonly message: string } & (
  | { readonly gate: "missing-architecture"; readonly architecture: string }
  | {
      readonly gate: "dropped-platform";
      readonly platform: string;
      /** The published image that would be lost. */
      readonly digest: Digest;
    }
  | { readonly gate: "published-unreadable" }
  | {
      readonly gate: "duplicate-platform";
      readonly platform: string;
      readonly children: readonly string[];
    }
  | {
      readonly gate: "wrong-platform";
      readonly child: string;
      readonly claimed: string;
      readonly configured: string;
    }
  | { readonly gate: "mixed-generations"; readonly generations: readonly Generation[] }
  | { readonly gate: "unreadable-generation"; readonly child: string }
  | {
      /** It would not start, or breaks a policy: what `verify` says of it. */
      readonly gate: "verify";
      readonly child: string;
      readonly finding: ImageFinding;
    }
);

/** The children that one run made. `runId` is undefined for those that record no run. */
export interface Generation {
  readonly runId: string | undefined;
  readonly children: readonly string[];
}

/** Evaluates every gate. The push may go ahead if the list is empty. */
export function evaluateGates(facts: PushFacts): GateFinding[] {
  return [
    ...findMissing(facts.children, facts.architectures ?? []),
    ...findDropped(facts.children, facts.published),
    ...findDuplicates(facts.children),
    ...findWrongPlatforms(facts.children),
    ...findMixedGenerations(facts.children),
  ];
}

/** Completeness: every architecture of the configuration is in the push. */
export function findMissing(
  children: readonly ChildFacts[],
  architectures: readonly string[],
): GateFinding[] {
  return architectures
    .filter((architecture) => {
      const wanted = parsePlatform(architecture);
      return !children.some((child) => platformMatches(wanted, child.platform));
    })
    .map((architecture) => ({
      gate: "missing-architecture",
      architecture,
      message: `${architecture} is missing: the configuration lists it, and no image is for it`,
    }));
}

/** No shrinking: a platform that is published now may get a new image, but must not disappear. */
export function findDropped(children: readonly ChildFacts[], published: Published): GateFinding[] {
  switch (published.state) {
    case "absent":
      return [];
    case "unreadable": {
      const reason = escapeText(reasonOf(published.error));
      const message = `what is published could not be read, so nobody knows what this push would drop: ${reason}`;
      return [{ gate: "published-unreadable", message }];
    }
    case "present":
      return published.images.flatMap(({ platform, digest }) => {
        if (platform === undefined) return [];
        if (children.some((child) => platformMatches(machineOf(platform), child.platform)))
          return [];
        const name = writePlatform(platform);
        const message = `${name} would be dropped: it is published as ${shortDigest(digest)}, and no image is for it`;
        return [{ gate: "dropped-platform", platform: name, digest, message }];
      });
  }
}

/**
 * The platform without the version of the operating system: an image for a new Windows replaces the one for
 * an old Windows.
 */
function machineOf({ os, architecture, variant }: Platform): Platform {
  return { os, architecture, variant };
}

/** No duplicates: with two images for one platform, chance would decide which one runs. */
export function findDuplicates(children: readonly ChildFacts[]): GateFinding[] {
  const findings: GateFinding[] = [];
  for (const child of children) {
    const same = children.filter((other) => isSamePlatform(other.platform, child.platform));
    if (same.length < 2 || same[0] !== child) continue;
    const platform = writePlatform(child.platform);
    const names = same.map(nameOf);
    const message = `${platform} is claimed by ${names.length} images: ${names.join(", ")}`;
    findings.push({ gate: "duplicate-platform", platform, children: names, message });
  }
  return findings;
}

/** Right platforms: each image is for the platform that its directory, its tag and its index claim. */
export function findWrongPlatforms(children: readonly ChildFacts[]): GateFinding[] {
  return children.flatMap((child) =>
    child.claims
      .filter((claim) => !platformMatches(claim.platform, child.platform))
      .map((claim): GateFinding => {
        const name = nameOf(child);
        const claimed = writePlatform(claim.platform);
        const configured = writePlatform(child.platform);
        const message = `${name} is for ${configured} by its configuration, and for ${claimed} by its ${claim.by}`;
        return { gate: "wrong-platform", child: name, claimed, configured, message };
      }),
  );
}

/** Coherence: all images were made by one run. If no image records a run, the gate passes. */
export function findMixedGenerations(children: readonly ChildFacts[]): GateFinding[] {
  const findings: GateFinding[] = [];
  const runs = new Map<string | undefined, string[]>();
  for (const child of children) {
    const name = nameOf(child);
    if (child.runId.state === "unreadable") {
      const message = `the run that made ${name} can't be told: ${escapeText(child.runId.reason)}`;
      findings.push({ gate: "unreadable-generation", child: name, message });
      continue;
    }
    const runId = child.runId.state === "recorded" ? child.runId.value : undefined;
    runs.set(runId, [...(runs.get(runId) ?? []), name]);
  }
  if (runs.size < 2) return findings;
  const generations = [...runs].map(([runId, names]) => ({ runId, children: names }));
  const listed = generations.map(describeGeneration).join("; ");
  const message = `the images are of ${generations.length} generations: ${listed}`;
  return [...findings, { gate: "mixed-generations", generations, message }];
}

function describeGeneration({ runId, children }: Generation): string {
  const run = runId === undefined ? "no run recorded" : `run ${escapeText(runId)}`;
  return `${run}: ${children.join(", ")}`;
}

function nameOf(child: ChildFacts): string {
  return escapeText(child.name);
}

/** The text for a message, escaped, since a configuration may hold any text. */
function writePlatform(platform: Platform): string {
  return escapeText(formatPlatform(platform));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The findings that mean "it could not be found out", not "something is wrong". */
const UNTOLD: ReadonlySet<GateFinding["gate"]> = new Set<GateFinding["gate"]>([
  "published-unreadable",
  "unreadable-generation",
]);

/**
 * The error of a refused push, with one line for each finding, and all findings in `details.findings`. Its
 * code is `gate-refused`, or `unreadable` when every finding only says that something could not be found out.
 */
export function refusal(what: string, findings: readonly GateFinding[], cause?: unknown): OciError {
  const untold = findings.every((finding) => UNTOLD.has(finding.gate));
  const lines = findings.map((finding) => `\n  ${finding.gate}: ${finding.message}`);
  return new OciError(
    untold ? "unreadable" : "gate-refused",
    `${what}: not pushed: ${findings.length} of its gates ${findings.length === 1 ? "refuses" : "refuse"}:${lines.join("")}`,
    {
      details: { findings },
      hint: findings.some(({ gate }) => gate === "mixed-generations")
        ? "Assemble them in one run, or each with the same --run-id; or override with --force."
        : "Make what is missing or stale again, or override with --force.",
      ...(cause !== undefined && { cause }),
    },
  );
}
